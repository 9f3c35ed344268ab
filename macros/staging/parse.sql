{#-
  Raw text to typed values. Each macro takes the text of one raw column, trimmed by raw_table, and
  gives null for what cannot be used; the repairs macro then says why. No value is guessed.

  At a hundred million rows every test of a text is seconds. So the form in which nearly all values
  come is asked for first, by a comparison; patterns and casts to wide decimals (a hundred times a
  narrow one's time on DuckDB) are for the rest.
-#}

{% macro is_one_of(text, words) -%}
    {#-
      Whether a raw text is one of these words, in any case. Lists of at most three: DuckDB makes
      a join of each longer one, and a staging model would have a hundred.
    -#}
    (
    {%- for few in words | batch(3) -%}
        lower({{ text }}) in ('{{ few | join("', '") }}'){{ ' or ' if not loop.last }}
    {%- endfor -%}
    )
{%- endmacro %}

{% macro is_placeholder(text) -%}
    {#-
      What exports write for a missing value, errors of spreadsheets and a database's backslash-N
      too. `None` is a value: the name of a department, for instance. Nearly every text is longer
      than any of these words, which is asked first.
    -#}
    (
        length({{ text }}) <= 7
        and (
            {{ is_one_of(text, [
                '?', 'na', 'n/a', 'null', 'nan', '-', '--', '.', '<na>', 'nat', 'nil', 'n.a.', '#n/a',
                '#ref!', '#value!', '#name?', '#div/0!', '#num!', '#null!', '(null)', '<null>',
            ]) }}
            or {{ text }} = chr(92) || 'N'
        )
    )
{%- endmacro %}

{% macro clean_id(column) -%}
    {#-
      The number of a record; null also for words that stand for nobody: `None` is no number, and
      `unknown` and `all` would be read as the unknown member and as a total.
    -#}
    case
        when {{ is_one_of(column, ['none', 'unknown', 'all']) }} then null
        else {{ clean_text(column) }}
    end
{%- endmacro %}

{% macro clean_text(column) -%}
    {#- A text; null when empty or a placeholder. `None` is a value and stays. -#}
    case
        when {{ is_placeholder(column) }} then null
        else nullif({{ column }}, '')
    end
{%- endmacro %}

{% macro is_free_text(column) -%}
    {#-
      Whether a text is no name of a category but a remark: longer than 80 characters, or with an
      e-mail address, a telephone or a record number (six digits in a row) in it.
    -#}
    {{ regexp_test(column, '[^ @]@[^ @]|([0-9][ ()./-]?){6}|^.{81}') }}
{%- endmacro %}

{% macro known_name(code, column) -%}
    {#-
      The name of a category: the code map's, else as the source writes it. Words that say that
      nobody knows are all `unknown`; `all` would be read as a total and cannot be used; free text
      may hold anybody's name or telephone number and is never published.
    -#}
    coalesce(
        {{ code }},
        case
            when {{ is_one_of(column, ['unknown', 'not known', 'not stated', 'unspecified']) }}
                then 'unknown'
            when {{ is_one_of(column, ['all']) }} or length({{ column }}) > {{ longest_name() }}
                or {{ is_free_text(column) }}
                then null
            else {{ clean_text(column) }}
        end
    )
{%- endmacro %}

{% macro longest_name() -%}
    {#- Characters beyond which a text is no name of anything. -#}
    200
{%- endmacro %}

{% macro number_problem(column) -%}
    {#- Why a number could not be used: it is none at all, or none that can be. -#}
    case
        when {{ regexp_test(column, '^[+-]?[0-9]+([.][0-9]+)?$') }}
            then 'out_of_range'
        else 'not_a_number'
    end
{%- endmacro %}

{% macro date_problem(column, system, reason) -%}
    {#-
      Why a date, or a time with a date, could not be used: it lies outside all that can be meant,
      or it is none (the reason given).
    -#}
    case
        when {{ parse_date(column, system) if reason == 'not_a_date'
            else parse_timestamp(column, system) }} is not null
            then 'out_of_range'
        else '{{ reason }}'
    end
{%- endmacro %}

{% macro end_problem(column, start, system) -%}
    {#- Why an end could not be used; both times are parsed under the name <column>_time. -#}
    case
        when {{ column }}_time < {{ start }}_time then 'before_start'
        else {{ date_problem(column, system, 'not_a_timestamp') }}
    end
{%- endmacro %}

{% macro parse_integer(column) -%}
    {#- A whole number; also `30.0`, as spreadsheets and typed columns with gaps write it. -#}
    case
        when cast(try_cast({{ column }} as bigint) as string) = {{ column }}
            and length({{ column }}) <= 18
            then cast({{ column }} as bigint)
        when {{ regexp_test(column, '^[+-]?[0-9]{1,18}([.]0+)?$') }}
            then cast(split_part({{ column }}, '.', 1) as bigint)
    end
{%- endmacro %}

{% macro parse_amount(column) -%}
    {#- Dollars with a decimal point, to the cent. -#}
    case
        when cast(try_cast({{ column }} as decimal(18, 2)) as string) = {{ column }}
            and length({{ column }}) <= 18
            then cast({{ column }} as decimal(18, 2))
        when {{ regexp_test(column, '^[+-]?[0-9]{1,15}([.][0-9]+)?$') }}
            then cast({{ column }} as decimal(18, 2))
    end
{%- endmacro %}

{% macro parse_number(column) -%}
    {#- A number with a decimal point, to six decimals. -#}
    case
        when {{ regexp_test(column, '^[+-]?[0-9]{1,12}([.][0-9]+)?$') }}
            then cast({{ column }} as decimal(18, 6))
    end
{%- endmacro %}

{% macro parse_boolean(column) -%}
    case
        when {{ is_one_of(column, ['true', 't', 'yes', 'y', '1']) }} then true
        when {{ is_one_of(column, ['false', 'f', 'no', 'n', '0']) }} then false
    end
{%- endmacro %}

{% macro date_pattern(system) -%}
    {%- set pattern = {
        'iso': '^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$',
        'mdy': '^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}$',
        'dmy': '^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}$',
    } -%}
    {{ return(pattern[date_format(system)]) }}
{%- endmacro %}

{% macro date_format(system) -%}
    {#- iso, mdy or dmy: one setting per source system, never guessed per row. -#}
    {%- set date_style = (var('date_formats') or {}).get(system, 'iso') -%}
    {%- if date_style not in ('iso', 'mdy', 'dmy') -%}
        {{ exceptions.raise_compiler_error(
            "date_formats: " ~ system ~ ": " ~ date_style ~ " is not a date format; use iso, mdy or dmy"
        ) }}
    {%- endif -%}
    {{ return(date_style) }}
{%- endmacro %}

{% macro parse_date(column, system) -%}
    {#-
      A day. ISO text (also with a time of midnight, as typed columns give it) is always read: its
      year comes first, so it cannot be confused with the other formats.
    -#}
    {%- set date_style = date_format(system) -%}
    case
        when cast(try_cast({{ column }} as date) as string) = {{ column }}
            and length({{ column }}) = 10
            then cast({{ column }} as date)
        when {{ regexp_test(
            column, '^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ T]00:00(:00([.]0+)?)?)?$'
        ) }}
            then try_cast(substr({{ column }} || ' ', 1, {{ date_length(column) }}) as date)
    {%- if date_style != 'iso' %}
        {%- set month, day = (1, 2) if date_style == 'mdy' else (2, 1) %}
        when {{ regexp_test(column, date_pattern(system)) }}
            then try_cast(
                split_part({{ column }}, '/', 3)
                || '-' || split_part({{ column }}, '/', {{ month }})
                || '-' || split_part({{ column }}, '/', {{ day }})
                as date
            )
    {%- endif %}
    end
{%- endmacro %}

{% macro usable_date(value, earliest=none) -%}
    {#-
      A date or time within the dates of the project, else null: 9999-12-31 stands for no day and
      0001-01-01 for an empty cell. earliest: another first day, for days of birth.
    -#}
    case
        when
            cast({{ value }} as date) between cast('{{ earliest or var("earliest_date") }}' as date)
            and cast('{{ var("latest_date") }}' as date)
            then {{ value }}
    end
{%- endmacro %}

{% macro earliest_birth() -%}
    {#- No patient of a computer system was born before. -#}
    1870-01-01
{%- endmacro %}

{% macro parse_update_time(column, system) -%}
    {#-
      When the source last changed a record, to the microsecond, with or without the mark Z. All
      stamps of a system are of one time zone; one with another zone's offset cannot be compared.
    -#}
    {%- set text = "replace(replace(" ~ column ~ ", 'T', ' '), 'Z', '')" -%}
    {%- set day = "split_part(" ~ text ~ ", ' ', 1)" -%}
    {%- set time = "trim(substr(" ~ text ~ ", length(" ~ day ~ ") + 1))" -%}
    case
        when {{ parse_minute_of_day(time) }} is not null or {{ time }} = ''
            then try_cast(
                cast({{ parse_date(day, system) }} as string) || ' '
                || case when {{ time }} = '' then '00:00' else {{ time }} end as timestamp
            )
    end
{%- endmacro %}

{% macro date_length(text) -%}
    {#- Characters before the time of day, or all of them. -#}
    case
        when {{ text }} like '% %' then position(' ' in {{ text }}) - 1
        when {{ text }} like '%T%' then position('T' in {{ text }}) - 1
        else length({{ text }})
    end
{%- endmacro %}

{% macro parse_minute_of_day(column) -%}
    {#- Minutes after midnight from H:MM or HH:MM:SS; seconds are dropped. -#}
    case
        when {{ column }} like '__:__' and {{ column }} between '00' and '24'
            and {{ column }} not like '%:'
            then {{ clock_minutes(column) }}
        when {{ regexp_test(
            column, '^([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?$'
        ) }}
            then
                60 * cast(split_part({{ column }}, ':', 1) as bigint)
                + cast(split_part({{ column }}, ':', 2) as bigint)
    end
{%- endmacro %}

{% macro parse_timestamp(column, system) -%}
    {#-
      Local wall time, to the minute; a day without a time of day is its midnight. All that follows
      the day must be a time: `08:30 PM` or a time zone is not read as 8:30 in the morning.
    -#}
    {%- set text = "replace(" ~ column ~ ", 'T', ' ')" -%}
    {%- set day = "split_part(" ~ text ~ ", ' ', 1)" -%}
    {%- set time = "trim(substr(" ~ text ~ ", length(" ~ day ~ ") + 1))" -%}
    case
        when cast(try_cast({{ column }} as timestamp) as string) = {{ column }} || ':00'
            and length({{ column }}) = 16
            then cast({{ column }} as timestamp)
        else {{ add_minutes(
            'cast(' ~ parse_date(day, system) ~ ' as timestamp)',
            "case when " ~ time ~ " = '' then 0 else " ~ parse_minute_of_day(time) ~ " end"
        ) }}
    end
{%- endmacro %}

{% macro slug(column) -%}
    {#- A readable id: lower case, every run of other characters one underscore; null for none. -#}
    nullif(
        trim({{ regexp_replace_all("lower(trim(" ~ column ~ "))", '[^a-z0-9]+', '_') }}, '_'), ''
    )
{%- endmacro %}

{% macro readable_id(name) -%}
    {#-
      The slug of a name, with a mark made of the name where letters beyond a to z leave no trace
      in it: two names must not share an id by chance. Null for null and for mere punctuation.
    -#}
    case
        when {{ regexp_test(name, '[^ -~]') }}
            then coalesce({{ slug(name) }} || '_', '') || substr(md5(lower(trim({{ name }}))), 1, 8)
        else {{ slug(name) }}
    end
{%- endmacro %}

{% macro entity_key(system, entity, column) -%}
    {#-
      The published key of a source record: the same from build to build, and nothing from which
      the source id follows without the secret. Needs `hash_key` in the from clause; null for null.
    -#}
    {{ keyed_hash('hash_key.secret', "'" ~ system ~ "|" ~ entity ~ "|' || " ~ column) }}
{%- endmacro %}

{% macro largest_amount() -%}
    {#- One row of more than 100 million dollars is an entry error. -#}
    100000000
{%- endmacro %}

{% macro conformed_id(alias_id, system, name) -%}
    {#-
      The id of a facility or department: the one of the alias table, otherwise the name made
      readable under its system, because two systems never share an id by chance.
    -#}
    coalesce(
        {{ alias_id }},
        case when {{ name }} != 'unknown' then '{{ system }}.' || {{ readable_id(name) }} end,
        'unknown'
    )
{%- endmacro %}

{% macro unknown_key() -%}
    {#- The key of the unknown member; real keys are never negative. -#}
    cast(-1 as bigint)
{%- endmacro %}
