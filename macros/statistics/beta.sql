{#-
  Tails of F and t by the incomplete beta function, in plain SQL. In two steps, so that the long one
  works on short names: f_tail_arguments() in one select, f_upper_tail() in the next.
-#}

{% macro f_tail_arguments(f, df1, df2) -%}
    {#- Columns for f_upper_tail(): a statistic of F and its degrees of freedom, which may be real. -#}
    {%- set scaled = '(' ~ df1 ~ ' * cast(' ~ f ~ ' as double))' -%}
    {%- set has_df = df1 ~ ' > 0 and ' ~ df2 ~ ' > 0' -%}
    {%- set usable = f ~ ' > 0 and ' ~ has_df -%}
    {#- the fraction converges fast on its own side of the mean of the beta distribution -#}
    {%- set straight = df2 ~ ' * (' ~ df1 ~ ' + ' ~ df2 ~ ' + 4) < (' ~ df2 ~ ' + 2) * (' ~ df2 ~ ' + ' ~ scaled ~ ')' -%}
    cast({{ f }} as double) as tail_f,
        {{ straight }} as tail_is_straight,
        case
            when {{ usable }}
                then case when {{ straight }} then {{ df2 }} else {{ scaled }} end
                / ({{ df2 }} + {{ scaled }})
        end as tail_x,
        case
            when {{ usable }}
                then case when {{ straight }} then {{ scaled }} else {{ df2 }} end
                / ({{ df2 }} + {{ scaled }})
        end as tail_rest,
        case when {{ has_df }} then case when {{ straight }} then {{ df2 }} else {{ df1 }} end end
        / 2e0 as tail_a,
        case when {{ has_df }} then case when {{ straight }} then {{ df1 }} else {{ df2 }} end end
        / 2e0 as tail_b
{%- endmacro %}

{% macro f_upper_tail() -%}
    {#- P(F > f), from the columns of f_tail_arguments(). -#}
    case
        when tail_f <= 0 and tail_a > 0 and tail_b > 0 then 1e0
        else
            case when tail_is_straight then 0e0 else 1e0 end
            + case when tail_is_straight then 1 else -1 end
            * {{ incomplete_beta('tail_x', 'tail_rest', 'tail_a', 'tail_b') }}
    end
{%- endmacro %}

{% macro t_tail_arguments(t, df) -%}
    {#- Columns for f_upper_tail(), which then is P(|T| > |t|). -#}
    {{ f_tail_arguments('((' ~ t ~ ') * (' ~ t ~ '))', '1', df) }}
{%- endmacro %}

{% macro incomplete_beta(x, rest, a, b, terms=30) -%}
    {#- The regularised incomplete beta function I_x(a, b) with rest = 1 - x, as a continued fraction. -#}
    {%- set whole = namespace(text='1e0') -%}
    {%- for m in range(terms, -1, -1) -%}
        {%- set below = '(' ~ a ~ ' + ' ~ (2 * m - 1) ~ ')' -%}
        {%- set above = '(' ~ a ~ ' + ' ~ (2 * m + 1) ~ ')' -%}
        {%- set addend = '(' ~ a ~ ' + ' ~ m ~ ') * (' ~ a ~ ' * ' ~ rest ~ ' - ' ~ b ~ ' * ' ~ x ~ ' + 1 + ' ~ m ~ ' * (2 - ' ~ x ~ ')) / ' ~ above -%}
        {%- if m > 0 -%}
            {%- set addend = addend ~ ' + ' ~ m ~ ' + ' ~ m ~ ' * (' ~ b ~ ' - ' ~ m ~ ') * ' ~ x ~ ' / ' ~ below -%}
        {%- endif -%}
        {%- set whole.text = '(' ~ addend ~ (' + ' ~ whole.text if m < terms) ~ ')' -%}
        {%- if m > 0 -%}
            {%- set whole.text = '(' ~ a ~ ' + ' ~ (m - 1) ~ ') * (' ~ a ~ ' + ' ~ b ~ ' + ' ~ (m - 1) ~ ') * ' ~ m ~ ' * (' ~ b ~ ' - ' ~ m ~ ') * ' ~ x ~ ' * ' ~ x ~ ' / (' ~ below ~ ' * ' ~ below ~ ') / ' ~ whole.text -%}
        {%- endif -%}
    {%- endfor -%}
    exp(
        {{ a }} * ln({{ x }}) + {{ b }} * ln({{ rest }})
        + {{ log_gamma('(' ~ a ~ ' + ' ~ b ~ ')') }} - {{ log_gamma(a) }} - {{ log_gamma(b) }}
    ) / {{ whole.text }}
{%- endmacro %}

{% macro log_gamma(x) -%}
    {#- ln gamma of a positive number: Stirling's series eight higher, and back by the recurrence. -#}
    {%- set y = '(' ~ x ~ ' + 8)' -%}
    (
        ({{ y }} - 0.5e0) * ln({{ y }}) - {{ y }} + 0.918938533204672742e0
        + (1e0 / 12 - (1e0 / 360 - (1e0 / 1260 - (1e0 / 1680 - 1e0 / 1188 / ({{ y }} * {{ y }}))
        / ({{ y }} * {{ y }})) / ({{ y }} * {{ y }})) / ({{ y }} * {{ y }})) / {{ y }}
        - ln(
            {%- for i in range(8) %}
            ({{ x }} + {{ i }}){{ ' *' if not loop.last }}
            {%- endfor %}
        )
    )
{%- endmacro %}
