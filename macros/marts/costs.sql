{#- Costs in bins of equal width on a logarithmic scale, the same in every mart. -#}

{% macro cost_bin(cost) -%}
    {#-
      Ten bins to a factor of ten; what costs nothing has no logarithm and a bin of its own.
      log10(1000) may come out as 2.9999999999999996; a cent below an edge is far more off.
    -#}
    case
            when {{ cost }} > 0
                then cast(floor(10 * log10(cast({{ cost }} as double)) + 1e-11) as bigint)
            when {{ cost }} is not null then -1000
        end
{%- endmacro %}

{% macro cost_bin_edges(bin) -%}
    case when {{ bin }} > -1000 then power(10e0, {{ bin }} / 10e0) else 0e0 end as lower_edge,
        case when {{ bin }} > -1000 then power(10e0, ({{ bin }} + 1) / 10e0) else 0e0 end
            as upper_edge
{%- endmacro %}

{% macro cost_bucket(cost) -%}
    {#-
      Buckets half a per cent wide, numbered from the cheapest: quantiles of any number of costs are
      found by counting buckets first, then ranking within the few that hold them.
    -#}
    cast(floor(200 * ln(cast({{ cost }} as double) + 1)) as bigint)
{%- endmacro %}

{% macro cost_range(cost, fineness=4) -%}
    {#-
      The lower edge of the range that holds a cost, in whole dollars: 1 dollar wide below 400, then
      10 below 4,000 and so on, so that a range is at most a fortieth of what it holds from 40 on.
      With a fineness of 1, 1 dollar below 100, 10 below 1,000: a tenth.
    -#}
    cast(
            case
                {%- for power in range(7) %}
                when {{ cost }} < {{ fineness * 10 ** (power + 2) }}
                    then floor({{ cost }}{{ ' / ' ~ 10 ** power if power }}){{ ' * ' ~ 10 ** power if power }}
                {%- endfor %}
                when {{ cost }} is not null then {{ fineness * 10 ** 8 }}
            end as bigint
        )
{%- endmacro %}

{% macro cost_quantile_shares(of_all_places) -%}
    {#- Which quantiles are asked of a group of costs, besides the median and its bounds. -#}
    {{ return([0.25, 0.5, 0.75, 0.9, 0.95] if of_all_places else [0.25, 0.5, 0.75, 0.9]) }}
{%- endmacro %}

{% macro cost_rank_is_within(first_rank, of_all_places, last_rank='last_rank', n='n') -%}
    {#-
      Whether a range of ranks holds one that a number is read off: an order statistic of a quantile,
      a bound of the median; over all places the ends and the cuts of the trimmed mean too.
    -#}
    {%- set ranks = [median_low_rank(n), median_high_rank(n)] -%}
    {%- for share in cost_quantile_shares(of_all_places) -%}
        {%- set position = '(1 + (' ~ n ~ ' - 1) * cast(' ~ share ~ ' as double))' -%}
        {%- do ranks.append('floor' ~ position) -%}
        {%- do ranks.append('ceil' ~ position) -%}
    {%- endfor -%}
    {%- if of_all_places -%}
        {%- do ranks.extend(['1', n]) -%}
        {%- do ranks.append('floor(' ~ n ~ ' * 0.1) + 1') -%}
        {%- do ranks.append(n ~ ' - floor(' ~ n ~ ' * 0.1)') -%}
    {%- endif -%}
    (
        {%- for rank in ranks %}
        {{ 'or ' if not loop.first }}{{ rank }} between {{ first_rank }} and {{ last_rank }}
        {%- endfor %}
    )
{%- endmacro %}

{% macro cost_groups() -%}
    {#-
      A subquery with the groups that a cost is ranked in: all places and all types, one of them, or
      both its own; costs of attended appointments alone over all places only.
    -#}
    (
        {%- for scope, of_place, of_type in [
            ('all', false, false), ('all', false, true), ('all', true, false), ('all', true, true),
            ('attended', false, false), ('attended', false, true),
        ] %}
        select
            '{{ scope }}' as cost_scope,
            {{ of_place | string | lower }} as is_own_place,
            {{ of_type | string | lower }} as is_own_type
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
