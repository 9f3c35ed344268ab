{#-
  Two arms compared over strata: Mantel-Haenszel, standardisation to the pooled strata, tests of
  homogeneity, E-value. A stratum is a row with the counts of a 2 x 2 table: a and b the exposed
  with and without the event, c and d the unexposed. Sources: _stratified__macros.yml.
-#}

{% macro stratum_margins() -%}
    {#- The counts and margins of a stratum as doubles; an empty stratum has no n. -#}
    cast(a as double) as a,
        cast(b as double) as b,
        cast(c as double) as c,
        cast(d as double) as d,
        cast(a + b as double) as n1,
        cast(c + d as double) as n0,
        cast(a + c as double) as m1,
        cast(b + d as double) as m0,
        nullif(cast(a + b + c + d as double), 0e0) as n
{%- endmacro %}

{% macro crude_ratios(x1, n1, x0, n0) -%}
    {#- Ratio of risks and odds ratio of one table, with the standard errors of their logarithms. -#}
    {%- set a, b = 'cast(' ~ x1 ~ ' as double)', 'cast(' ~ n1 ~ ' - ' ~ x1 ~ ' as double)' -%}
    {%- set c, d = 'cast(' ~ x0 ~ ' as double)', 'cast(' ~ n0 ~ ' - ' ~ x0 ~ ' as double)' -%}
    {%- set events = x1 ~ ' > 0 and ' ~ x0 ~ ' > 0' -%}
    {%- set cells = events ~ ' and ' ~ x1 ~ ' < ' ~ n1 ~ ' and ' ~ x0 ~ ' < ' ~ n0 -%}
    case when {{ events }} then {{ a }} / {{ n1 }} / ({{ c }} / {{ n0 }}) end as crude_risk_ratio,
        case
            when {{ events }} and ({{ x1 }} < {{ n1 }} or {{ x0 }} < {{ n0 }})
                then sqrt(1 / {{ a }} - 1e0 / {{ n1 }} + 1 / {{ c }} - 1e0 / {{ n0 }})
        end as crude_risk_ratio_log_se,
        case when {{ cells }} then {{ a }} * {{ d }} / ({{ b }} * {{ c }}) end as crude_odds_ratio,
        case
            when {{ cells }} then sqrt(1 / {{ a }} + 1 / {{ b }} + 1 / {{ c }} + 1 / {{ d }})
        end as crude_odds_ratio_log_se
{%- endmacro %}

{% macro mantel_haenszel_sums() -%}
    {#- Aggregates over strata with their margins. A stratum with one arm adds 0 to each of them. -#}
    {{ exact_sum('a * n0 / n') }} as rr_numerator,
        {{ exact_sum('c * n1 / n') }} as rr_denominator,
        {{ exact_sum('(m1 * n1 * n0 - a * c * n) / (n * n)') }} as rr_spread,
        {{ exact_sum('a * d / n') }} as or_numerator,
        {{ exact_sum('b * c / n') }} as or_denominator,
        {{ exact_sum('(a + d) / n * a * d / n') }} as or_pr,
        {{ exact_sum('(a + d) / n * b * c / n + (b + c) / n * a * d / n') }} as or_ps_qr,
        {{ exact_sum('(b + c) / n * b * c / n') }} as or_qs,
        {{ exact_sum('(a * n0 - c * n1) / n') }} as rd_numerator,
        {{ exact_sum('n1 * n0 / n') }} as rd_denominator,
        {{ exact_sum(
            '(c * n1 * n1 - a * n0 * n0 + n1 * n0 * (n0 - n1) / 2) / (n * n)'
        ) }} as rd_tilt,
        {{ exact_sum('(a * (n0 - c) + c * (n1 - a)) / (2 * n)') }} as rd_spread,
        {{ exact_sum('a - n1 * m1 / n') }} as cmh_excess,
        {{ exact_sum('n1 * n0 * m1 * m0 / (n * n * nullif(n - 1, 0e0))') }} as cmh_variance
{%- endmacro %}

{% macro mantel_haenszel_estimates() -%}
    {#- Over the columns of mantel_haenszel_sums: the estimates and their standard errors. -#}
    case
            when rr_numerator > 0 and rr_denominator > 0 then rr_numerator / rr_denominator
        end as mh_risk_ratio,
        case
            when rr_numerator > 0 and rr_denominator > 0 and rr_spread > 0
                then sqrt(rr_spread / (rr_numerator * rr_denominator))
        end as mh_risk_ratio_log_se,
        case
            when or_numerator > 0 and or_denominator > 0 then or_numerator / or_denominator
        end as mh_odds_ratio,
        case
            when or_numerator > 0 and or_denominator > 0
                then sqrt(
                    or_pr / (2 * or_numerator * or_numerator)
                    + or_ps_qr / (2 * or_numerator * or_denominator)
                    + or_qs / (2 * or_denominator * or_denominator)
                )
        end as mh_odds_ratio_log_se,
        rd_numerator / nullif(rd_denominator, 0e0) as mh_risk_difference,
        case
            when rd_numerator * rd_tilt / nullif(rd_denominator, 0e0) + rd_spread > 0
                then sqrt(rd_numerator * rd_tilt / nullif(rd_denominator, 0e0) + rd_spread)
                    / nullif(rd_denominator, 0e0)
        end as mh_risk_difference_se,
        cmh_excess * cmh_excess / nullif(cmh_variance, 0e0) as cmh_chi_square,
        power(abs(cmh_excess) - case when abs(cmh_excess) >= 0.5e0 then 0.5e0 else 0e0 end, 2)
        / nullif(cmh_variance, 0e0) as cmh_chi_square_corrected
{%- endmacro %}

{% macro standardised_sums() -%}
    {#- Aggregates over strata with their margins; those with one arm have no part in them. -#}
    {%- set both = 'case when n1 > 0 and n0 > 0 then ' -%}
    coalesce({{ exact_sum(both ~ 'n end') }}, 0e0) as weight,
        {{ exact_sum(both ~ 'n * a / nullif(n1, 0e0) end') }} as exposed_events,
        {{ exact_sum(both ~ 'n * c / nullif(n0, 0e0) end') }} as unexposed_events,
        {{ exact_sum(both ~ 'n * n * ' ~ variance_of_share('a', 'b', 'n1') ~ ' end') }}
            as exposed_spread,
        {{ exact_sum(both ~ 'n * n * ' ~ variance_of_share('c', 'd', 'n0') ~ ' end') }}
            as unexposed_spread
{%- endmacro %}

{% macro variance_of_share(events, others, n) -%}
    {#-
      p (1 - p) / n. An arm with no or only events would seem to be known exactly: it gets one of
      each on top, for its variance only.
    -#}
    case
        when {{ events }} > 0 and {{ others }} > 0
            then {{ events }} * {{ others }} / ({{ n }} * {{ n }})
        else ({{ events }} + 1) * ({{ others }} + 1) / (({{ n }} + 2) * ({{ n }} + 2))
    end / nullif({{ n }}, 0e0)
{%- endmacro %}

{% macro standardised_estimates() -%}
    {#- Over the columns of standardised_sums: standardised risks, and what their contrasts need. -#}
    exposed_events / nullif(weight, 0e0) as standardised_exposed_rate,
        unexposed_events / nullif(weight, 0e0) as standardised_unexposed_rate,
        (exposed_events - unexposed_events) / nullif(weight, 0e0) as standardised_risk_difference,
        sqrt(exposed_spread + unexposed_spread) / nullif(weight, 0e0)
            as standardised_risk_difference_se,
        case
            when exposed_events > 0 and unexposed_events > 0 then exposed_events / unexposed_events
        end as standardised_risk_ratio,
        case
            when exposed_events > 0 and unexposed_events > 0
                then sqrt(
                    exposed_spread / (exposed_events * exposed_events)
                    + unexposed_spread / (unexposed_events * unexposed_events)
                )
        end as standardised_risk_ratio_log_se
{%- endmacro %}

{% macro homogeneity_terms() -%}
    {#-
      Over strata whose margins are all above 0, with the pooled estimates beside them. Half a case
      in every cell of a stratum with an empty one; and the exposed events that the pooled odds ratio
      would have given (the root of a quadratic, in the form that also holds at an odds ratio of 1).
    -#}
    {%- set twist = '(n0 - m1 + mh_odds_ratio * (m1 + n1))' -%}
    case when least(a, b, c, d) = 0 then 0.5e0 else 0e0 end as added,
        2 * mh_odds_ratio * m1 * n1 / nullif(
            {{ twist }}
            + sqrt({{ twist }} * {{ twist }} + 4 * (1 - mh_odds_ratio) * mh_odds_ratio * m1 * n1), 0e0
        ) as expected
{%- endmacro %}

{% macro homogeneity_sums() -%}
    {#- Aggregates over the columns of homogeneity_terms. -#}
    {%- set risk = 'ln((a + added) / (n1 + 2 * added) / ((c + added) / (n0 + 2 * added)) / mh_risk_ratio)' -%}
    {%- set risk_variance = '(1 / (a + added) - 1 / (n1 + 2 * added) + 1 / (c + added) - 1 / (n0 + 2 * added))' -%}
    {%- set odds = 'ln((a + added) * (d + added) / ((b + added) * (c + added)) / mh_odds_ratio)' -%}
    {%- set odds_variance = '(1 / (a + added) + 1 / (b + added) + 1 / (c + added) + 1 / (d + added))' -%}
    {%- set variance = '1 / nullif(1 / nullif(expected, 0e0) + 1 / nullif(m1 - expected, 0e0)'
        ~ ' + 1 / nullif(n1 - expected, 0e0) + 1 / nullif(n0 - m1 + expected, 0e0), 0e0)' -%}
    count(*) - 1 as homogeneity_degrees_of_freedom,
        {{ exact_sum('power(' ~ risk ~ ', 2) / ' ~ risk_variance) }} as rr_homogeneity_q,
        {{ exact_sum('power(' ~ odds ~ ', 2) / ' ~ odds_variance) }} as or_homogeneity_q,
        {{ exact_sum('power(a - expected, 2) / nullif(' ~ variance ~ ', 0e0)') }}
        - power({{ exact_sum('a - expected') }}, 2) / nullif({{ exact_sum(variance) }}, 0e0)
            as tarone_chi_square
{%- endmacro %}

{% macro ratio_columns(name) -%}
    {#- A ratio beside the standard error of its logarithm: name, name_low, name_high. -#}
    {{ name }},
        {{ ratio_low(name, name ~ '_log_se') }} as {{ name }}_low,
        {{ ratio_high(name, name ~ '_log_se') }} as {{ name }}_high
{%- endmacro %}

{% macro difference_columns(name) -%}
    {#- A difference beside its standard error: name, name_low, name_high. -#}
    {{ name }},
        {{ name }} - {{ z95() }} * {{ name }}_se as {{ name }}_low,
        {{ name }} + {{ z95() }} * {{ name }}_se as {{ name }}_high
{%- endmacro %}

{% macro ratio_low(ratio, log_se) -%} {{ ratio_bound(ratio, log_se, '-') }} {%- endmacro %}
{% macro ratio_high(ratio, log_se) -%} {{ ratio_bound(ratio, log_se, '+') }} {%- endmacro %}

{% macro ratio_bound(ratio, log_se, sign) -%}
    case
        when {{ ratio }} > 0 then exp(ln({{ ratio }}) {{ sign }} {{ z95() }} * {{ log_se }})
    end
{%- endmacro %}

{% macro newcombe_columns(name, x1, n1, x0, n0, z=none) -%}
    {#- The difference of two proportions with Newcombe's interval: name, name_low, name_high. -#}
    {{ safe_divide(x1, n1) }} - {{ safe_divide(x0, n0) }} as {{ name }},
        {{ newcombe_low(x1, n1, x0, n0, z) }} as {{ name }}_low,
        {{ newcombe_high(x1, n1, x0, n0, z) }} as {{ name }}_high
{%- endmacro %}

{% macro newcombe_low(x1, n1, x0, n0, z=none) -%}
    {{ safe_divide(x1, n1) }} - {{ safe_divide(x0, n0) }} - sqrt(
        power({{ safe_divide(x1, n1) }} - {{ wilson_low(x1, n1, z) }}, 2)
        + power({{ wilson_high(x0, n0, z) }} - {{ safe_divide(x0, n0) }}, 2)
    )
{%- endmacro %}

{% macro newcombe_high(x1, n1, x0, n0, z=none) -%}
    {{ safe_divide(x1, n1) }} - {{ safe_divide(x0, n0) }} + sqrt(
        power({{ wilson_high(x1, n1, z) }} - {{ safe_divide(x1, n1) }}, 2)
        + power({{ safe_divide(x0, n0) }} - {{ wilson_low(x0, n0, z) }}, 2)
    )
{%- endmacro %}

{% macro e_value(ratio) -%}
    {#- greatest() of a ratio and its inverse: a protective one is turned round. -#}
    {%- set away = 'greatest(' ~ ratio ~ ', 1 / nullif(' ~ ratio ~ ', 0e0))' -%}
    case when {{ ratio }} > 0 then {{ away }} + sqrt({{ away }} * ({{ away }} - 1)) end
{%- endmacro %}

{% macro e_value_of_bound(low, high) -%}
    {#- Of the bound nearer to 1; nothing needs explaining where the interval holds 1. -#}
    case
        when {{ low }} > 1 then {{ e_value(low) }}
        when {{ high }} < 1 then {{ e_value(high) }}
        when {{ low }} <= 1 and {{ high }} >= 1 then 1e0
    end
{%- endmacro %}
