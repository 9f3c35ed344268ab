{% test numbered_once(model, files, rows, sums) %}
    {#-
      Files whose rows are not the numbers 1 to n, once each, by the number of rows and the sums of
      the first, second and third powers of their numbers. Up to three rows that stand twice while
      as many are missing cannot agree with all of these (nor can more, but for rare accidents);
      more or fewer rows than the file has are found by dq_reconciliation. Counting every row's
      occurrences would sort all rows of all files.
    -#}
    select *
    from (
        select
            {{ files | join(', ') }},
            cast(sum({{ rows }}) as decimal(19, 0)) as n,
            sum({{ sums[0] }}) as first_powers,
            sum({{ sums[1] }}) as second_powers,
            sum({{ sums[2] }}) as third_powers
        from {{ model }}
        group by {{ files | join(', ') }}
    ) as summed
    where
        coalesce(2 * first_powers, -1) != n * (n + 1)
        or coalesce(6 * second_powers, -1) != cast(n * (n + 1) as decimal(19, 0)) * (2 * n + 1)
        or coalesce(4 * third_powers, -1) != cast(n * (n + 1) as decimal(19, 0)) * cast(n * (n + 1) as decimal(19, 0))
        {%- for column in files %}
        or {{ column }} is null
        {%- endfor %}
{% endtest %}
