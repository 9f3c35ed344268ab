{#-
  Do several groups differ: one-way analysis of variance, Brown-Forsythe and Kruskal-Wallis, from
  sums that add up over groups. Each macro stands in a select of its own, on short names; the p-value
  comes from f_tail_arguments() or chi_square_upper_tail(). Arguments are SQL.
-#}

{% macro one_way_group_sums(value, centre='0e0', places=18) -%}
    {#-
      Over the rows of a group. A centre near the overall mean keeps the squares small: differences
      of large squares lose their digits.
    -#}
    {%- set distance = 'cast(' ~ value ~ ' - ' ~ centre ~ ' as double)' -%}
    count({{ value }}) as n,
        {{ exact_sum(distance, places=places) }} as total,
        {{ exact_sum(distance ~ ' * ' ~ distance, places=places) }} as squares
{%- endmacro %}

{% macro one_way_sums(places=18) -%}
    {#- Over groups with the columns of one_way_group_sums. -#}
    {%- set square = 'total * total / nullif(n, 0)' -%}
    count(case when n > 0 then 1 end) as n_groups,
        cast(sum(n) as bigint) as n_values,
        greatest(
            {{ exact_sum(square, places=places) }}
            - power({{ exact_sum('total', places=places) }}, 2) / nullif(sum(n), 0), 0e0
        ) as ss_between,
        greatest({{ exact_sum('squares - ' ~ square, places=places) }}, 0e0) as ss_within
{%- endmacro %}

{% macro one_way_f() -%}
    {#- The ratio of the mean squares between and within groups, over the columns of one_way_sums. -#}
    case
        when n_groups > 1 and n_values > n_groups
            then ss_between / (n_groups - 1) / nullif(ss_within / (n_values - n_groups), 0e0)
    end
{%- endmacro %}

{% macro rank_columns(value, keys=[]) -%}
    {#- Ranks from either end; equal values share a rank. Rows without a value are left out before. -#}
    {%- set partition = 'partition by ' ~ keys | join(', ') ~ ' ' if keys else '' -%}
    rank() over ({{ partition }}order by {{ value }} asc nulls last) as rank_from_lowest,
        rank() over ({{ partition }}order by {{ value }} desc nulls last) as rank_from_highest,
        count(*) over ({{ partition | trim }}) as n_ranked
{%- endmacro %}

{% macro rank_group_sums() -%}
    {#-
      Over the rows of a group with the columns of rank_columns, all whole numbers. The difference
      of the ranks is twice the distance of the mean rank of equal values from the middle rank.
    -#}
    count(*) as n,
        cast(sum(rank_from_lowest - rank_from_highest) as bigint) as rank_excess,
        cast(
            sum(
                (n_ranked + 2 - rank_from_lowest - rank_from_highest)
                * (n_ranked + 2 - rank_from_lowest - rank_from_highest) - 1
            ) as double
        ) as ties
{%- endmacro %}

{% macro kruskal_wallis_h() -%}
    {#- An aggregate over groups with the columns of rank_group_sums; null when all values are equal. -#}
    {%- set n = 'cast(sum(n) as double)' -%}
    case
        when count(*) > 1
            then 3 * {{ exact_sum('cast(rank_excess as double) * rank_excess / n', places=9) }}
                / ({{ n }} * ({{ n }} + 1))
                / nullif(1 - sum(ties) / nullif({{ n }} * {{ n }} * {{ n }} - {{ n }}, 0e0), 0e0)
    end
{%- endmacro %}
