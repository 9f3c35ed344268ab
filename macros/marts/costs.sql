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
