{#- Ages and calendars: completed years, bands, financial years, seasons. -#}

{% macro age_years(birth_date, at) -%}
    {#- Completed years; null before birth. A leap-day birthday falls on 1 March in other years. -#}
    case
        when {{ birth_date }} <= {{ at }} then
            extract(year from {{ at }}) - extract(year from {{ birth_date }})
            - case
                when extract(month from {{ at }}) * 100 + extract(day from {{ at }})
                    < extract(month from {{ birth_date }}) * 100 + extract(day from {{ birth_date }})
                    then 1
                else 0
            end
    end
{%- endmacro %}

{% macro age_band(age) -%}
    {#- AIHW five-year bands with one band from 85 on; `unknown` for null. -#}
    case
        when {{ age }} is null then 'unknown'
        when {{ age }} >= 85 then '85+'
        else
            lpad(cast(cast(floor({{ age }} / 5e0) * 5 as bigint) as string), 2, '0')
            || '-'
            || lpad(cast(cast(floor({{ age }} / 5e0) * 5 + 4 as bigint) as string), 2, '0')
    end
{%- endmacro %}

{% macro age_band_10_year(age) -%}
    {#- AIHW ten-year bands: 0-4, then 5-14 to 75-84, then 85+; `unknown` for null. -#}
    case
        when {{ age }} is null then 'unknown'
        when {{ age }} >= 85 then '85+'
        when {{ age }} < 5 then '0-4'
        else
            cast(cast(floor(({{ age }} - 5) / 10e0) * 10 + 5 as bigint) as string)
            || '-'
            || cast(cast(floor(({{ age }} - 5) / 10e0) * 10 + 14 as bigint) as string)
    end
{%- endmacro %}

{% macro wide_age_group(age_band) -%}
    {#- Few groups of many, from the labels of age_band(), which sort as text. -#}
    case
        when {{ age_band }} = 'unknown' then 'unknown'
        when {{ age_band }} < '15' then '00-14'
        when {{ age_band }} < '45' then '15-44'
        when {{ age_band }} < '65' then '45-64'
        when {{ age_band }} < '85' then '65-84'
        else '85+'
    end
{%- endmacro %}

{% macro age_top_coded(age) -%}
    {#- Single years up to 89, `90+` above (HIPAA Safe Harbor); null for null. -#}
    case when {{ age }} >= 90 then '90+' else cast({{ age }} as string) end
{%- endmacro %}

{% macro largest_age() -%}
    {#- Years beyond which an age is an entry error. -#}
    110
{%- endmacro %}
