{% test totals_match(model, column, other, other_column=none, where_clause='true', other_where='true') %}
    {#- Fails with both totals where two relations do not add up to the same: no row was lost. -#}
    select
        ours.total as our_total,
        theirs.total as their_total
    from (
        select coalesce(sum({{ column }}), 0) as total from {{ model }}
        where {{ where_clause }}
    ) as ours
    cross join (
        select coalesce(sum({{ other_column or column }}), 0) as total from {{ other }}
        where {{ other_where }}
    ) as theirs
    where ours.total != theirs.total
{% endtest %}
