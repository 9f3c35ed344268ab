{#- Spread and shape from sums, and intervals of standard deviations. Arguments are SQL. -#}

{% macro variance_of_sums(n, total, total_of_squares) -%}
    {#- Sample variance from exact sums of whole numbers or decimals; null below two values. -#}
    cast({{ n }} * {{ total_of_squares }} - {{ total }} * {{ total }} as double)
    / nullif(cast({{ n }} as double) * ({{ n }} - 1), 0)
{%- endmacro %}

{% macro variance_of_doubles(n, total, total_of_squares) -%}
    {#- The same from sums of doubles; what rounding errors leave of equal values is 0. -#}
    {%- set squares = '(' ~ total_of_squares ~ ' - ' ~ total ~ ' * ' ~ total ~ ' / nullif(' ~ n ~ ', 0))' -%}
    case
            when {{ n }} > 1
                then case
                    when {{ squares }} > 1e-10 * {{ n }} then {{ squares }} / ({{ n }} - 1) else 0e0
                end
        end
{%- endmacro %}

{% macro kurtosis_of_sums(n, variance, t1, t2, t3, t4) -%}
    {#-
      The fourth central moment over the squared second, both over n: 3 for a normal. t1 to t4: sums
      of the powers of the distances from any one centre near the mean.
    -#}
    {%- set d = '(' ~ t1 ~ ' / nullif(' ~ n ~ ', 0))' -%}
    case
            when {{ variance }} > 0 then (
                {{ t4 }} / {{ n }} - 4 * {{ d }} * {{ t3 }} / {{ n }}
                + 6 * {{ d }} * {{ d }} * {{ t2 }} / {{ n }} - 3 * power({{ d }}, 4)
            ) / power({{ variance }} * ({{ n }} - 1) / {{ n }}, 2)
        end
{%- endmacro %}

{% macro log_variance_error(kurtosis, n) -%}
    {#- Variance of the logarithm of a sample variance; needs two values. -#}
    {#- never below 0, where the rounding errors of two-valued data may bring it -#}
    greatest(
            {{ kurtosis }} / {{ n }} - ({{ n }} - 3e0) / ({{ n }} * nullif({{ n }} - 1e0, 0)),
            case when {{ kurtosis }} is not null then 0e0 end
        )
{%- endmacro %}

{% macro sd_bound(sd, kurtosis, n, sign, z=z95()) -%}
    {#- A bound of the 95 % interval of a standard deviation. -#}
    {{ sd }} * exp({{ sign }} {{ z }} / 2 * sqrt({{ log_variance_error(kurtosis, n) }}))
{%- endmacro %}

{% macro sd_ratio_bound(sd1, kurtosis1, n1, sd2, kurtosis2, n2, sign, z=z95()) -%}
    {#- A bound of the 95 % interval of the ratio of two standard deviations. -#}
    {{ sd1 }} / nullif({{ sd2 }}, 0) * exp(
            {{ sign }} {{ z }} / 2 * sqrt(
                {{ log_variance_error(kurtosis1, n1) }} + {{ log_variance_error(kurtosis2, n2) }}
            )
        )
{%- endmacro %}

{% macro relative_variance(variance, mean, low, high) -%}
    {#- Variance over the largest that the mean leaves room for between the ends of a scale. -#}
    {{ variance }} / nullif(({{ high }} - {{ mean }}) * ({{ mean }} - {{ low }}), 0)
{%- endmacro %}

{% macro tau_squared(groups, weights, squared_weights, weighted_sum, weighted_squares) -%}
    {#- Variance between groups beyond chance (DerSimonian and Laird), from sums over the groups. -#}
    case
            when {{ groups }} > 1 then greatest(
                (
                    {{ weighted_squares }} - {{ weighted_sum }} * {{ weighted_sum }} / {{ weights }}
                    - ({{ groups }} - 1)
                ) / ({{ weights }} - {{ squared_weights }} / {{ weights }}), 0e0
            )
        end
{%- endmacro %}
