{#- What differs between engines, one dispatched macro each. Models call these by name only. -#}

{% macro regexp_test(text, pattern) -%}
    {{ return(adapter.dispatch('regexp_test', 'wardhouse')(text, pattern)) }}
{%- endmacro %}
{% macro default__regexp_test(text, pattern) -%} regexp_matches({{ text }}, '{{ pattern }}') {%- endmacro %}
{% macro spark__regexp_test(text, pattern) -%} ({{ text }} rlike '{{ pattern }}') {%- endmacro %}

{% macro regexp_replace_all(text, pattern, replacement) -%}
    {{ return(adapter.dispatch('regexp_replace_all', 'wardhouse')(text, pattern, replacement)) }}
{%- endmacro %}
{% macro default__regexp_replace_all(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}
{% macro spark__regexp_replace_all(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}

{% macro trim_text(text) -%}
    {#-
      Text without white space or invisible marks at either end: blanks of all kinds, tabs, line
      ends, zero-width characters, marks of the writing direction, a byte-order mark.
    -#}
    {{ return(adapter.dispatch('trim_text', 'wardhouse')(text)) }}
{%- endmacro %}
{% macro invisible_characters() -%}
    {{- return(
        " \t\n\r\u000b\u000c\u0085\u00a0\u00ad\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
        ~ "\u200a\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u202f\u205f\u2060"
        ~ "\u2066\u2067\u2068\u2069\u3000\ufeff"
    ) -}}
{%- endmacro %}
{% macro default__trim_text(text) -%}
    {#-
      Trimming a set of characters costs ten times as much as asking whether there is any need. An
      accent written as a character of its own is joined to its letter.
    -#}
    case
        when
            strlen({{ text }}) = length({{ text }}) and {{ text }} >= '!'
            {%- for code in (32, 9, 10, 13, 11, 12) %}
            and not suffix({{ text }}, chr({{ code }}))
            {%- endfor %}
            then {{ text }}
        else trim(nfc_normalize({{ text }}), '{{ invisible_characters() }}')
    end
{%- endmacro %}
{% macro spark__trim_text(text) -%}
    trim(both '{{ invisible_characters() }}' from {{ text }})
{%- endmacro %}

{% macro add_minutes(at, minutes) -%}
    {{ return(adapter.dispatch('add_minutes', 'wardhouse')(at, minutes)) }}
{%- endmacro %}
{% macro default__add_minutes(at, minutes) -%} ({{ at }} + to_minutes(cast({{ minutes }} as bigint))) {%- endmacro %}
{% macro spark__add_minutes(at, minutes) -%}
    timestampadd(minute, cast({{ minutes }} as int), {{ at }})
{%- endmacro %}

{% macro add_days(day, days) -%}
    {{ return(adapter.dispatch('add_days', 'wardhouse')(day, days)) }}
{%- endmacro %}
{% macro default__add_days(day, days) -%}
    cast({{ day }} + to_days(cast({{ days }} as integer)) as date)
{%- endmacro %}
{% macro spark__add_days(day, days) -%} date_add({{ day }}, cast({{ days }} as int)) {%- endmacro %}

{% macro days_between(earlier, later) -%}
    {{ return(adapter.dispatch('days_between', 'wardhouse')(earlier, later)) }}
{%- endmacro %}
{% macro default__days_between(earlier, later) -%}
    date_diff('day', cast({{ earlier }} as date), cast({{ later }} as date))
{%- endmacro %}
{% macro spark__days_between(earlier, later) -%}
    cast(datediff(cast({{ later }} as date), cast({{ earlier }} as date)) as bigint)
{%- endmacro %}

{% macro seconds_between(earlier, later) -%}
    {{ return(adapter.dispatch('seconds_between', 'wardhouse')(earlier, later)) }}
{%- endmacro %}
{% macro default__seconds_between(earlier, later) -%}
    date_diff('second', {{ earlier }}, {{ later }})
{%- endmacro %}
{% macro spark__seconds_between(earlier, later) -%}
    (unix_timestamp({{ later }}) - unix_timestamp({{ earlier }}))
{%- endmacro %}

{% macro minutes_between(earlier, later) -%}
    {#- Whole minutes, from times that are whole minutes. -#}
    cast(floor({{ seconds_between(earlier, later) }} / 60e0) as bigint)
{%- endmacro %}

{% macro clock_minutes(text) -%}
    {#- Minutes after midnight of a text of the form HH:MM below 24:00; null when it is no time. -#}
    {{ return(adapter.dispatch('clock_minutes', 'wardhouse')(text)) }}
{%- endmacro %}
{% macro default__clock_minutes(text) -%}
    cast(epoch(try_cast({{ text }} as time)) / 60 as bigint)
{%- endmacro %}
{% macro spark__clock_minutes(text) -%}
    case
        when {{ text }} rlike '^[0-9]{2}:[0-5][0-9]$'
            then 60 * cast(substr({{ text }}, 1, 2) as bigint) + cast(substr({{ text }}, 4, 2) as bigint)
    end
{%- endmacro %}

{% macro keyed_hash(secret, text) -%}
    {#- The first 63 bits of SHA-256 over the secret and the text: a positive 64-bit integer. -#}
    {{ return(adapter.dispatch('keyed_hash', 'wardhouse')(secret, text)) }}
{%- endmacro %}
{% macro default__keyed_hash(secret, text) -%}
    cast(
        cast('0x' || substr(sha256({{ secret }} || '|' || {{ text }}), 1, 16) as ubigint) >> 1
        as bigint
    )
{%- endmacro %}
{% macro spark__keyed_hash(secret, text) -%}
    cast(floor(
        cast(conv(substr(sha2({{ secret }} || '|' || {{ text }}, 256), 1, 16), 16, 10)
            as decimal(20, 0)) / 2
    ) as bigint)
{%- endmacro %}

{% macro seed_row_number() -%}
    {#- The position of a row in its seed file, from 1. -#}
    {{ return(adapter.dispatch('seed_row_number', 'wardhouse')()) }}
{%- endmacro %}
{% macro default__seed_row_number() -%}
    {#- not rowid itself: after a reload of the seed it goes on where it was -#}
    row_number() over (order by rowid nulls last)
{%- endmacro %}
{% macro spark__seed_row_number() -%}
    row_number() over (order by monotonically_increasing_id() nulls last)
{%- endmacro %}
