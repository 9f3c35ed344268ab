{#- Many units compared at once, and shares of money. Arguments are SQL expressions. -#}

{% macro bonferroni_z(comparisons) -%}
    {#- The normal quantile at 1 - 0.025 / comparisons: 1.96 for one of them. -#}
    {{ normal_upper_quantile('(0.025e0 / ' ~ comparisons ~ ')') }}
{%- endmacro %}

{% macro normal_upper_quantile(share) -%}
    {#- z with P(Z > z) = share, for shares up to 0.075: Wichura's rational function of the tail. -#}
    {%- set above = [
        '7.7454501427834140764e-4', '2.27238449892691845833e-2', '2.41780725177450611770e-1',
        '1.27045825245236838258e0', '3.64784832476320460504e0', '5.76949722146069140550e0',
        '4.63033784615654529590e0', '1.42343711074968357734e0',
    ] -%}
    {%- set below = [
        '1.05075007164441684324e-9', '5.47593808499534494600e-4', '1.51986665636164571966e-2',
        '1.48103976427480074590e-1', '6.89767334985100004550e-1', '1.67638483018380384940e0',
        '2.05319162663775882187e0', '1e0',
    ] -%}
    {%- set root = '(sqrt(-ln(' ~ share ~ ')) - 1.6e0)' -%}
    case
        when {{ share }} > 0 and {{ share }} <= 0.075e0
            then {{ polynomial(root, above) }} / {{ polynomial(root, below) }}
    end
{%- endmacro %}

{% macro effective_n(total, squares) -%}
    {#- Kish's effective number of amounts that are unlike: the square of their sum by the sum of their squares. -#}
    {{ safe_divide('power(cast(' ~ total ~ ' as double), 2)', squares) }}
{%- endmacro %}

{% macro cohens_h(share, reference) -%}
    {#- Distance of two shares on the arcsine scale, where a step means the same everywhere. -#}
    2 * asin(sqrt({{ share }})) - 2 * asin(sqrt({{ reference }}))
{%- endmacro %}

{% macro variation_beyond_chance(dispersion_index, mean) -%}
    {#- The coefficient of variation of what was to be expected of the units, with the index's sign. -#}
    sign({{ dispersion_index }} - 1)
        * sqrt(abs({{ dispersion_index }} - 1) / nullif({{ mean }}, 0))
{%- endmacro %}
