{#-
  XmR, p and Laney p' charts. Sources: docs in _control_charts__macros.yml; numbers checked against
  NHSRplotthedots in tests/python/test_control_charts.py.
-#}

{% macro minimum_baseline_points() -%} 12 {%- endmacro %}
{% macro trend_points() -%} {{ return(var('spc_trend_points', 7) | int) }} {%- endmacro %}
{% macro limit_width(mean_range) -%} 2.66e0 * {{ mean_range }} {%- endmacro %}

{% macro keeps_range(moving_range, mean_range) -%}
    {#- Where nothing moves at all there is nothing to screen. -#}
    {%- if var('spc_screen_outliers', true) -%}
        ({{ moving_range }} < 3.267e0 * {{ mean_range }} or {{ mean_range }} = 0)
    {%- else -%}
        {{ moving_range }} is not null
    {%- endif -%}
{%- endmacro %}

{% macro distance_from_mean(value, mean, largest) -%}
    {#- A mean is rounded in its last digit; a point that equals it must lie on neither side. -#}
    case
        when abs({{ value }} - {{ mean }}) <= 1e-12 * {{ largest }} then 0e0
        else {{ value }} - {{ mean }}
    end
{%- endmacro %}

{% macro points_back(points) -%}
    partition by {{ chart_series() }}, rebase_group
    order by point nulls last
    rows between {{ points - 1 }} preceding and current row
{%- endmacro %}

{% macro points_ahead(points) -%}
    partition by {{ chart_series() }}, rebase_group
    order by point nulls last
    rows between current row and {{ points - 1 }} following
{%- endmacro %}

{% macro special_cause(side, is_outside, trend, is_two_of_three, is_shift) -%}
    case
        when {{ is_outside }} and {{ side }} > 0 then 'above_limit'
        when {{ is_outside }} then 'below_limit'
        when {{ trend }} > 0 then 'trend_up'
        when {{ trend }} < 0 then 'trend_down'
        when {{ is_two_of_three }} and {{ side }} > 0 then 'two_of_three_above'
        when {{ is_two_of_three }} then 'two_of_three_below'
        when {{ is_shift }} and {{ side }} > 0 then 'shift_above'
        when {{ is_shift }} then 'shift_below'
        else 'none'
    end
{%- endmacro %}

{% macro point_type(special_cause, direction) -%}
    {%- set high = "('above_limit', 'trend_up', 'two_of_three_above', 'shift_above')" -%}
    case
        when {{ special_cause }} = 'none' then 'common_cause'
        when {{ direction }} = 'none' and {{ special_cause }} in {{ high }} then 'neutral_high'
        when {{ direction }} = 'none' then 'neutral_low'
        when ({{ direction }} = 'up') = ({{ special_cause }} in {{ high }}) then 'improvement'
        else 'concern'
    end
{%- endmacro %}

{% macro chart_assurance(target, lower, upper, direction) -%}
    case
        when {{ target }} is null or {{ lower }} is null or {{ direction }} = 'none' then null
        when {{ target }} > {{ upper }} and {{ direction }} = 'up' then 'consistent_fail'
        when {{ target }} > {{ upper }} then 'consistent_pass'
        when {{ target }} < {{ lower }} and {{ direction }} = 'up' then 'consistent_pass'
        when {{ target }} < {{ lower }} then 'consistent_fail'
        else 'inconsistent'
    end
{%- endmacro %}

{% macro proportion_error(centre, denominator) -%}
    sqrt({{ centre }} * (1 - {{ centre }}) / nullif(cast({{ denominator }} as double), 0e0))
{%- endmacro %}

{% macro proportion_z_score(value, denominator, centre) -%}
    (({{ value }} - {{ centre }}) / nullif({{ proportion_error(centre, denominator) }}, 0e0))
{%- endmacro %}

{% macro laney_sigma(mean_range) -%} {{ mean_range }} / 1.128e0 {%- endmacro %}

{% macro proportion_limit(centre, error, sign, sigma='1e0') -%}
    {#- The greater of null and 0 is 0: nulls are asked for first. -#}
    case
        when {{ error }} = 0 then {{ centre }}
        when {{ error }} is not null and {{ sigma }} is not null
            then least(greatest({{ centre }} {{ sign }} 3 * {{ sigma }} * {{ error }}, 0e0), 1e0)
    end
{%- endmacro %}
