{#- Tail probabilities in plain SQL, portable between engines. -#}

{% macro normal_upper_tail(z) -%}
    {#- P(Z > z), by Hart's rational approximation (about 1e-15), a continued fraction beyond 7.07. -#}
    {%- set x = 'abs(' ~ z ~ ')' -%}
    case
        when {{ z }} is null then null
        when {{ z }} < 0 then 1 - ({{ normal_tail_of_positive(x) }})
        else {{ normal_tail_of_positive(x) }}
    end
{%- endmacro %}

{% macro normal_tail_of_positive(x) -%}
    {%- set above = [
        '3.52624965998911e-2', '0.700383064443688e0', '6.37396220353165e0', '33.912866078383e0',
        '112.079291497871e0', '221.213596169931e0', '220.206867912376e0',
    ] -%}
    {%- set below = [
        '8.83883476483184e-2', '1.75566716318264e0', '16.064177579207e0', '86.7807322029461e0',
        '296.564248779674e0', '637.333633378831e0', '793.826512519948e0', '440.413735824752e0',
    ] -%}
    case
        when {{ x }} > 37 then 0e0
        when {{ x }} < 7.07106781186547e0
            then exp(-{{ x }} * {{ x }} / 2) * {{ polynomial(x, above) }} / {{ polynomial(x, below) }}
        else exp(-{{ x }} * {{ x }} / 2) / 2.506628274631e0
            / ({{ x }} + 1 / ({{ x }} + 2 / ({{ x }} + 3 / ({{ x }} + 4 / ({{ x }} + 0.65e0)))))
    end
{%- endmacro %}

{% macro polynomial(x, coefficients) -%}
    {#- Horner's form, the coefficient of the highest power first. -#}
    {%- set form = namespace(text=coefficients[0]) -%}
    {%- for coefficient in coefficients[1:] -%}
        {%- set form.text = '(' ~ form.text ~ ' * ' ~ x ~ ' + ' ~ coefficient ~ ')' -%}
    {%- endfor -%}
    {{ form.text }}
{%- endmacro %}

{% macro chi_square_upper_tail(x, df, largest_df=100) -%}
    {#-
      P(chi-square with df degrees of freedom > x), df a whole number: the finite sum in Horner's
      form up to largest_df, beyond it Wilson and Hilferty's normal approximation.
    -#}
    {%- set half = '(' ~ x ~ ' / 2e0)' -%}
    {%- set even = namespace(text='1e0') -%}
    {%- set odd = namespace(text='1e0') -%}
    {%- for i in range(largest_df // 2 - 1, 0, -1) -%}
        {#- term i of the even sum is h/i times the one before; it belongs when i < df / 2 -#}
        {%- set even.text = '(1 + case when ' ~ 2 * i ~ ' < ' ~ df ~ ' then ' ~ half ~ ' / ' ~ i ~ ' * ' ~ even.text ~ ' else 0e0 end)' -%}
        {%- set odd.text = '(1 + case when ' ~ (2 * i + 1) ~ ' < ' ~ df ~ ' then ' ~ x ~ ' / ' ~ (2 * i + 1) ~ ' * ' ~ odd.text ~ ' else 0e0 end)' -%}
    {%- endfor -%}
    case
        when {{ x }} is null or {{ df }} is null or {{ df }} < 1 then null
        when {{ x }} <= 0 then 1e0
        when {{ df }} > {{ largest_df }} then {{ normal_upper_tail(
            '((power(' ~ x ~ ' / ' ~ df ~ ', 1e0 / 3) - (1 - 2e0 / (9 * ' ~ df ~ '))) / sqrt(2e0 / (9 * ' ~ df ~ ')))'
        ) }}
        when {{ df }} % 2 = 0 then exp(-{{ half }}) * {{ even.text }}
        when {{ df }} = 1 then 2 * {{ normal_upper_tail('sqrt(' ~ x ~ ')') }}
        else 2 * {{ normal_upper_tail('sqrt(' ~ x ~ ')') }}
            + 2 * sqrt({{ x }} / 6.283185307179586e0) * exp(-{{ half }}) * {{ odd.text }}
    end
{%- endmacro %}
