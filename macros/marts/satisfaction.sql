{#-
  Satisfaction is counted and rated in one place, so that the marts by month and over the whole
  period have the same boxes and denominators.
-#}

{% macro satisfaction_count_names() -%}
    {{ return([
        'responses', 'top_box', 'bottom_box', 'fft_responses', 'fft_positive', 'fft_negative',
    ]) }}
{%- endmacro %}

{% macro satisfaction_sums() -%}
    {#- Over rows of int_satisfaction_tallied. -#}
    {%- set conditions = {
        'responses': 'satisfaction_score is not null',
        'top_box': 'satisfaction_score >= 9',
        'bottom_box': 'satisfaction_score <= 6',
        'fft_responses': 'experience_answer is not null',
        'fft_positive': "experience_answer in ('very_good', 'good')",
        'fft_negative': "experience_answer in ('poor', 'very_poor')",
    } -%}
    {%- for name in satisfaction_count_names() -%}
    cast(sum(case when {{ conditions[name] }} then episodes else 0 end) as bigint) as {{ name }},
        {% endfor -%}
    cast(coalesce(sum(satisfaction_score * episodes), 0) as decimal(18, 2)) as score_sum,
        cast(coalesce(sum(satisfaction_score * satisfaction_score * episodes), 0) as decimal(18, 4))
            as score_squares
{%- endmacro %}

{% macro variance_of_scores(prefix='') -%}
    {#-
      Of the columns of satisfaction_sums: exact, since scores have two decimals. Wider than 18
      digits, because DuckDB gives the product of narrower decimals no more than 18.
    -#}
    {{ variance_of_sums(
        'cast(' ~ prefix ~ 'responses as decimal(20, 0))',
        'cast(' ~ prefix ~ 'score_sum as decimal(20, 2))',
        'cast(' ~ prefix ~ 'score_squares as decimal(20, 4))',
    ) }}
{%- endmacro %}

{% macro satisfaction_columns() -%}
    {#- Over the columns of satisfaction_sums. -#}
    {%- set mean = safe_divide('score_sum', 'responses') -%}
    {%- set variance = variance_of_scores() -%}
    responses,
        {{ mean }} as mean_score,
        {{ mean_low(mean, 'sqrt(' ~ variance ~ ')', 'responses') }} as mean_score_low,
        {{ mean_high(mean, 'sqrt(' ~ variance ~ ')', 'responses') }} as mean_score_high,
        sqrt({{ variance }}) as sd,
        {{ relative_variance(variance, mean, 0, 10) }} as relative_variance,
        top_box,
        responses - top_box - bottom_box as middle_box,
        bottom_box,
        {{ rate_columns('top_box_rate', 'top_box', 'responses') }},
        {{ safe_divide('100 * (top_box - bottom_box)', 'responses') }} as net_promoter_score,
        -- 100 root((p + d - (p - d)²) / n), over whole numbers so that nothing is below 0
        100 * sqrt({{ safe_divide(
            '(top_box + bottom_box) * responses - (top_box - bottom_box) * (top_box - bottom_box)',
            'cast(responses as double) * responses * responses',
        ) }}) as net_promoter_score_error,
        fft_responses,
        fft_positive,
        fft_negative,
        {{ rate_columns('fft_positive_rate', 'fft_positive', 'fft_responses') }},
        {{ rate_columns('fft_negative_rate', 'fft_negative', 'fft_responses') }}
{%- endmacro %}
