{#-
  95 % intervals in plain SQL, portable between engines. Arguments are SQL expressions. Formulas
  and sources: docs in _statistics__macros.yml; numbers checked in tests/python/test_statistics.py.
-#}

{% macro z95() -%} 1.959963984540054e0 {%- endmacro %}

{% macro safe_divide(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0e0)
{%- endmacro %}

{% macro wilson_low(x, n, z=none) -%} {{ wilson_bound(x, n, '-', z) }} {%- endmacro %}
{% macro wilson_high(x, n, z=none) -%} {{ wilson_bound(x, n, '+', z) }} {%- endmacro %}

{% macro wilson_bound(x, n, sign, z=none) -%}
    {%- set x = 'cast(' ~ x ~ ' as double)' -%}
    {%- set n = 'cast(' ~ n ~ ' as double)' -%}
    {%- set z = z or z95() -%}
    {#- Rounding alone: x = n gives 1.0000000000000002 for one n in eight, and a share of 1 of an
        effective number of cases may pass it. -#}
    case
        when {{ n }} > 0 and {{ x }} is not null then greatest(least(
            (
                2 * {{ x }} + {{ z }} * {{ z }}
                {{ sign }} {{ z }} * sqrt(
                    {{ z }} * {{ z }} + 4 * {{ x }} * greatest(1 - {{ x }} / nullif({{ n }}, 0e0), 0e0)
                )
            ) / (2 * ({{ n }} + {{ z }} * {{ z }})), 1e0
        ), 0e0)
    end
{%- endmacro %}

{% macro poisson_low(x) -%}
    {#- Exact below 10 events (chi-square quantiles as literals), Byar from 10 on. -#}
    {%- set exact = [
        '0e0', '0.025317807984289876e0', '0.24220927854396496e0', '0.6186721228956014e0',
        '1.0898653736263249e0', '1.6234863901184207e0', '2.2018942534908508e0',
        '2.8143630515198654e0', '3.4538321767485014e0', '4.115373097378334e0',
    ] -%}
    {{ poisson_bound(x, exact, byar_low(x)) }}
{%- endmacro %}

{% macro poisson_high(x) -%}
    {%- set exact = [
        '3.6888794541139354e0', '5.571643390938898e0', '7.22468766772396e0', '8.767273069742323e0',
        '10.241588675403694e0', '11.66833207932267e0', '13.059474022518685e0',
        '14.422675361702376e0', '15.763189220193313e0', '17.084803451419166e0',
    ] -%}
    {{ poisson_bound(x, exact, byar_high(x)) }}
{%- endmacro %}

{% macro poisson_bound(x, exact, byar) -%}
    case {{ x }}
    {%- for bound in exact %}
        when {{ loop.index0 }} then {{ bound }}
    {%- endfor %}
        else {{ byar }}
    end
{%- endmacro %}

{% macro byar_low(x) -%}
    {%- set x = 'cast(' ~ x ~ ' as double)' -%}
    {{ x }} * power(
        1 - 1 / (9 * nullif({{ x }}, 0e0)) - {{ z95() }} / (3 * sqrt(nullif({{ x }}, 0e0))), 3
    )
{%- endmacro %}

{% macro byar_high(x) -%}
    {%- set x = '(cast(' ~ x ~ ' as double) + 1)' -%}
    {{ x }} * power(1 - 1 / (9 * {{ x }}) + {{ z95() }} / (3 * sqrt({{ x }})), 3)
{%- endmacro %}

{% macro poisson_range(mean, z, sign) -%}
    {#- The range of counts that chance allows around a mean, by the square-root scale. -#}
    case
        when {{ mean }} is not null
            then power(greatest(sqrt({{ mean }}) {{ sign }} {{ z }} / 2, 0e0), 2)
    end
{%- endmacro %}

{% macro t_critical_95(df) -%}
    {%- set exact = [
        '12.706204736174694e0', '4.302652729749462e0', '3.1824463052837078e0',
        '2.7764451051977934e0', '2.5705818356363146e0', '2.4469118511449786e0',
        '2.364624251592784e0', '2.306004135204166e0', '2.262157162798205e0',
        '2.228138851986274e0', '2.200985160091639e0', '2.1788128296672284e0',
        '2.1603686564627913e0', '2.144786687917804e0', '2.131449545559776e0',
        '2.1199052992212546e0', '2.1098155778333156e0', '2.1009220402410382e0',
        '2.0930240544083087e0', '2.085963447265864e0', '2.0796138447276795e0',
        '2.0738730679040254e0', '2.0686576104190486e0', '2.0638985616280245e0',
        '2.0595385527532972e0', '2.0555294386428735e0', '2.0518305164802846e0',
        '2.0484071417952454e0', '2.045229642132703e0', '2.0422724563012378e0',
    ] -%}
    {%- set z = 1.959963984540054 -%}
    {%- set terms = [
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
        (27 * z**11 + 339 * z**9 + 930 * z**7 - 1782 * z**5 - 765 * z**3 + 17955 * z) / 368640,
    ] -%}
    {#- the logarithm between 1 and 30 that are no whole numbers, in 1/df stretched to -1 .. 1 -#}
    {%- set stretched = '((60e0 / ' ~ df ~ ' - 31) / 29)' -%}
    {%- set between = [
        '1.1039069497645e-6', '-3.4909296775422e-6', '1.3664091907389e-6', '1.227068942558e-5',
        '-2.967948177011e-5', '1.2618247310618e-6', '1.4637712483572e-4', '-2.4903425247813e-4',
        '-5.5496183909788e-4', '3.0574063516428e-3', '-2.4255480189641e-3', '-2.4868737313794e-2',
        '1.3959531742031e-1', '9.360639731352e-1', '1.4913428110402e0',
    ] -%}
    case {{ df }}
    {%- for critical in exact %}
        when {{ loop.index }} then {{ critical }}
    {%- endfor %}
        else case
            when {{ df }} > {{ exact | length }} then
                {{ z95() }}
            {%- for term in terms %}
                + cast({{ term }} as double) / power(cast({{ df }} as double), {{ loop.index }})
            {%- endfor %}
            when {{ df }} > 1 then exp({{ polynomial(stretched, between) }})
        end
    end
{%- endmacro %}

{% macro mean_low(mean, sd, n) -%} {{ mean_bound(mean, sd, n, '-') }} {%- endmacro %}
{% macro mean_high(mean, sd, n) -%} {{ mean_bound(mean, sd, n, '+') }} {%- endmacro %}

{% macro mean_bound(mean, sd, n, sign) -%}
    case
        when {{ n }} > 1 then
            {{ mean }} {{ sign }} {{ t_critical_95('(' ~ n ~ ' - 1)') }}
            * {{ sd }} / sqrt(cast({{ n }} as double))
    end
{%- endmacro %}

{% macro median_low_rank(n) -%}
    {#- Rank of the order statistic that bounds the median from below; at least 1. -#}
    greatest(cast(round({{ n }} / 2e0 - {{ z95() }} * sqrt(cast({{ n }} as double)) / 2e0) as bigint), 1)
{%- endmacro %}

{% macro median_high_rank(n) -%}
    {#- Rank of the order statistic that bounds the median from above; at most n. -#}
    least(
        cast(round(1 + {{ n }} / 2e0 + {{ z95() }} * sqrt(cast({{ n }} as double)) / 2e0) as bigint), {{ n }}
    )
{%- endmacro %}

{% macro quantile(value, share) -%}
    {#- Linear interpolation between order statistics (type 7), always a double. -#}
    percentile_cont({{ share }}) within group (order by cast({{ value }} as double))
{%- endmacro %}

{% macro tallied_quantile(value, last_rank, n, share) -%}
    {#-
      A type 7 quantile from a tally: value, the rank of its last occurrence, and the number of
      values. An aggregate; the same result as quantile() over the rows.
    -#}
    {%- set position = '(1 + (' ~ n ~ ' - 1) * cast(' ~ share ~ ' as double))' -%}
    {%- set lower = 'min(case when ' ~ last_rank ~ ' >= floor(' ~ position ~ ') then ' ~ value ~ ' end)' -%}
    {%- set upper = 'min(case when ' ~ last_rank ~ ' >= ceil(' ~ position ~ ') then ' ~ value ~ ' end)' -%}
    cast({{ lower }} as double)
    + (max({{ position }}) - floor(max({{ position }}))) * ({{ upper }} - {{ lower }})
{%- endmacro %}
