{#-
  Statistics of a tally: a row is a value with the number of times that it occurs, so that ranks,
  quantiles and moments of many rows come from their few distinct values, without sorting the rows.
  Arguments are SQL; tallied_quantile() is in intervals.sql.
-#}

{% macro last_rank(count, keys, value) -%}
    {#- The rank of the last occurrence of a value among those with the same keys. -#}
    sum({{ count }}) over (
            partition by {{ keys | join(', ') }}
            order by {{ value }} nulls last
            rows between unbounded preceding and current row
        )
{%- endmacro %}

{% macro tallied_value_at(value, last_rank, rank) -%}
    {#- The value at a rank, as an aggregate. -#}
    min(case when {{ last_rank }} >= {{ rank }} then {{ value }} end)
{%- endmacro %}

{% macro trimmed_mean_of_totals(value, count, total, last_rank, n, share) -%}
    {#-
      The mean without the lowest and the highest share, each cut to whole values. A row that is not
      cut counts with its total and may hold several values.
    -#}
    {%- set cut = 'cast(floor(' ~ n ~ ' * ' ~ share ~ ') as bigint)' -%}
    {%- set kept = 'greatest(least(' ~ last_rank ~ ', ' ~ n ~ ' - ' ~ cut ~ ') - greatest(' ~ last_rank ~ ' - ' ~ count ~ ', ' ~ cut ~ '), 0)' -%}
    cast(
            sum(case when {{ kept }} = {{ count }} then {{ total }} else {{ value }} * {{ kept }} end)
            as double
        ) / nullif(max({{ n }} - 2 * {{ cut }}), 0)
{%- endmacro %}

{% macro holds_quantiles(last_rank, count, n, shares) -%}
    {#-
      Whether a bin of values (count of them, up to last_rank) holds a value that one of the type 7
      quantiles is made of: only the values of these bins need be known.
    -#}
    {%- for share in shares -%}
    {%- set position = '(1 + (' ~ n ~ ' - 1) * cast(' ~ share ~ ' as double))' -%}
    {{ 'or ' if not loop.first }}({{ last_rank }} >= floor({{ position }}) and {{ last_rank }} - {{ count }} < ceil({{ position }}))
    {% endfor -%}
{%- endmacro %}

{% macro holds_median(last_rank, count, n) -%}
    {#- Whether a bin of values holds a value of the median, or one of its bounds. -#}
    {{ holds_quantiles(last_rank, count, n, [0.5]) }}
    {%- for rank in [median_low_rank(n), median_high_rank(n)] %}
    or ({{ last_rank }} >= {{ rank }} and {{ last_rank }} - {{ count }} < {{ rank }})
    {%- endfor %}
{%- endmacro %}
