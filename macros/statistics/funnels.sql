{#-
  Funnel plots of proportions on the arcsine scale and of observed over expected on the logarithmic
  one, where the spread that chance allows depends on the denominator alone. Sources: docs in
  _funnels__macros.yml; numbers checked against FunnelPlotR in tests/python/test_funnels.py.
-#}

{% macro funnel_z95() -%} 1.959964e0 {%- endmacro %}
{% macro funnel_z998() -%} 3.090232e0 {%- endmacro %}

{% macro funnel_angle(proportion) -%}
    asin(sqrt({{ proportion }}))
{%- endmacro %}

{% macro funnel_z_score(numerator, denominator, target) -%}
    {#- null for a denominator of 0, whose proportion is null -#}
    ({{ funnel_angle(safe_divide(numerator, denominator)) }} - {{ funnel_angle(target) }})
    * 2 * sqrt(cast({{ denominator }} as double))
{%- endmacro %}

{% macro funnel_ratio_z_score(observed, expected) -%}
    {#- null where nothing was observed or expected: there is no logarithm of 0 -#}
    case
        when {{ observed }} > 0 and {{ expected }} > 0
            then ln({{ safe_divide(observed, expected) }}) * sqrt({{ expected }})
    end
{%- endmacro %}

{% macro funnel_is_kept(rank_from_lowest, rank_from_highest, scores) -%}
    {#- Not in the lowest nor in the highest tenth; equal scores have the mean of their ranks. -#}
    5 * ({{ rank_from_lowest }} + {{ scores }} + 1 - {{ rank_from_highest }}) >= {{ scores }} + 1
    and 5 * ({{ rank_from_lowest }} + {{ scores }} + 1 - {{ rank_from_highest }}) < 9 * ({{ scores }} + 1)
{%- endmacro %}

{% macro funnel_tau_squared(squared_z, units, weights, squared_weights) -%}
    {#- The method of moments; one unit alone has no spread. -#}
    case
        when {{ squared_z }} is null then null
        else greatest(
            coalesce(
                ({{ squared_z }} - ({{ units }} - 1))
                / nullif({{ weights }} - {{ squared_weights }} / nullif({{ weights }}, 0e0), 0e0),
                0e0
            ),
            0e0
        )
    end
{%- endmacro %}

{% macro funnel_limit(target, denominator, tau_squared, z, sign) -%}
    {#-
      Beyond an angle of 0 or a right angle the square of the sine would turn back. The greater of
      null and 0 is 0: nulls are asked for first.
    -#}
    case
        when {{ tau_squared }} is not null and {{ target }} is not null and {{ denominator }} > 0
            then power(
                sin(
                    least(
                        greatest(
                            {{ funnel_angle(target) }} {{ sign }} {{ z }}
                            * sqrt({{ safe_divide(1, '(4 * ' ~ denominator ~ ')') }} + {{ tau_squared }}),
                            0e0
                        ),
                        1.5707963267948966e0
                    )
                ),
                2
            )
    end
{%- endmacro %}

{% macro funnel_ratio_limit(target, expected, tau_squared, z, sign) -%}
    {#- Adjusted for the spread between units. -#}
    case
        when {{ expected }} > 0
            then {{ target }} * exp(
                {{ sign }} {{ z }} * sqrt({{ safe_divide(1, expected) }} + {{ tau_squared }})
            )
    end
{%- endmacro %}

{% macro funnel_poisson_limit(target, expected, tail, sign) -%}
    {#-
      What chance alone allows. Where no event at all is likelier than the tail, none is within
      chance and the lower limit is 0.
    -#}
    {%- if sign == '-' -%}
    case
        when {{ expected }} <= 0 then null
        when {{ expected }} < -ln({{ tail }}e0) then 0e0
        else {{ target }} * {{ chi_square_quantile('(2 * ' ~ expected ~ ')', tail) }} / (2 * {{ expected }})
    end
    {%- else -%}
    case
        when {{ expected }} > 0
            then {{ target }} * {{ chi_square_quantile('(2 * ' ~ expected ~ ' + 2)', 1 - tail) }}
                / (2 * {{ expected }})
    end
    {%- endif -%}
{%- endmacro %}

{% macro funnel_limit_names() -%}
    {{ return([
        'limit_95_low', 'limit_95_high', 'limit_998_low', 'limit_998_high',
        'adjusted_limit_95_low', 'adjusted_limit_95_high',
        'adjusted_limit_998_low', 'adjusted_limit_998_high',
    ]) }}
{%- endmacro %}

{% macro funnel_limit_columns(funnel_type, target, denominator, tau_squared) -%}
    {%- for name in funnel_limit_names() -%}
        {%- set is_adjusted = name.startswith('adjusted') -%}
        {%- set z, tail = (funnel_z95(), 0.025) if '_95_' in name else (funnel_z998(), 0.001) -%}
        {%- set sign = '-' if name.endswith('low') else '+' -%}
        case
            when {{ funnel_type }} = 'ratio' then
                {{ funnel_ratio_limit(target, denominator, tau_squared, z, sign) if is_adjusted
                    else funnel_poisson_limit(target, denominator, tail, sign) }}
            else
                {{ funnel_limit(
                    target, denominator, tau_squared if is_adjusted else '0e0', z, sign
                ) }}
        end as {{ name }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro funnel_position(value, limit) -%}
    {#- Strictly outside: a value on the limit is inside. -#}
    case
        when {{ value }} > {{ limit }}_998_high then 'above_998'
        when {{ value }} > {{ limit }}_95_high then 'above_95'
        when {{ value }} < {{ limit }}_998_low then 'below_998'
        when {{ value }} < {{ limit }}_95_low then 'below_95'
        else 'inside'
    end
{%- endmacro %}
