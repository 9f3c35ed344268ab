{#- Columns of the episode activity marts that several of them have. -#}

{% macro episode_dimensions() -%}
    {#-
      What episodes are summarised by: the name of the dimension, the SQL of its value, and the tally
      that has it.
    -#}
    {{ return([
        ('all', "'all'", 'int_episodes_tallied'),
        ('department', 'department_id', 'int_episodes_tallied'),
        ('facility', 'facility_id', 'int_episodes_tallied'),
        ('gender', 'gender', 'int_episode_profiles_tallied'),
        ('age_band', 'age_band', 'int_episode_profiles_tallied'),
        ('insurance_type', 'insurance_type', 'int_episode_profiles_tallied'),
        ('treatment_type', 'treatment_type', 'int_episodes_tallied'),
        ('month', 'cast(month as string)', 'int_episodes_tallied'),
        ('region', 'region', 'int_episode_profiles_tallied'),
        ('cancer_stage', 'cancer_stage', 'int_episode_profiles_tallied'),
    ]) }}
{%- endmacro %}

{% macro episode_sum_names() -%}
    {{ return([
        'episodes', 'costs_known', 'total_cost', 'cost_squares', 'satisfaction_scores',
        'total_satisfaction', 'satisfaction_squares', 'readmission_known', 'readmissions_recorded',
        'evaluable', 'successes', 'stays_recorded', 'total_stay_recorded', 'total_stay_hours',
        'stay_recorded_squares', 'stay_hours_squares', 'stays_measured', 'total_aihw_days',
        'aihw_days_squares',
    ]) }}
{%- endmacro %}

{% macro episode_sums() -%}
    {#- Over changes of fct_episodes, all exact and additive. -#}
    {%- set aihw_days = 'case when is_separation then coalesce(length_of_stay_aihw_days, 0) else 0 end' -%}
    cast(sum(change) as bigint) as episodes,
        {%- for name, condition in {
            'costs_known': 'cost is not null',
            'satisfaction_scores': 'satisfaction_score is not null',
            'readmission_known': 'is_readmitted_30d is not null',
            'readmissions_recorded': 'is_readmitted_30d',
            'evaluable': 'is_success is not null',
            'successes': 'is_success',
            'stays_measured': 'is_separation and length_of_stay_aihw_days is not null',
        }.items() %}
        cast(sum(case when {{ condition }} then change else 0 end) as bigint) as {{ name }},
        {%- endfor %}
        cast(sum(change * coalesce(cost, 0)) as decimal(38, 2)) as total_cost,
        cast(sum(change * coalesce({{ square_of_money('cost') }}, 0)) as decimal(38, 4))
            as cost_squares,
        cast(sum(change * coalesce(satisfaction_score, 0)) as decimal(38, 2)) as total_satisfaction,
        cast(
            sum(change * coalesce(satisfaction_score * satisfaction_score, 0)) as decimal(38, 4)
        ) as satisfaction_squares,
        cast(sum(change * {{ aihw_days }}) as bigint) as total_aihw_days,
        cast(sum(change * (({{ aihw_days }}) * ({{ aihw_days }}))) as bigint) as aihw_days_squares,
        {{ recorded_stay_sums() }}
{%- endmacro %}

{% macro recorded_stay_sums() -%}
    {#-
      Over changes of fct_episodes: recorded stays in their own units, of which hours are summed
      beside, so that nothing is divided and all sums are exact. A recorded number has six decimals.
    -#}
    {%- set recorded = 'coalesce(cast(length_of_stay_recorded as decimal(19, 6)), 0)' -%}
    {%- set hours = "case when length_of_stay_unit = 'hours' then " ~ recorded ~ ' else 0 end' -%}
    cast(sum(case when length_of_stay_recorded is not null then change else 0 end) as bigint)
            as stays_recorded,
        cast(sum(change * {{ recorded }}) as decimal(38, 6)) as total_stay_recorded,
        cast(sum(change * {{ hours }}) as decimal(38, 6)) as total_stay_hours,
        cast(sum(change * ({{ recorded }} * {{ recorded }})) as decimal(38, 12))
            as stay_recorded_squares,
        cast(sum(change * (({{ hours }}) * ({{ hours }}))) as decimal(38, 12)) as stay_hours_squares
{%- endmacro %}

{% macro recorded_stay_days(total='total_stay_recorded', hours='total_stay_hours', hours_a_day=24) -%}
    {#- The sums of recorded stays in days; of their squares with 24 squared hours a day. -#}
    (cast({{ total }} - {{ hours }} as double) + cast({{ hours }} as double) / {{ hours_a_day }})
{%- endmacro %}

{% macro episode_summary_columns(readmission_rate='readmission_recorded_rate') -%}
    {#- Over int_episodes_summarised; readmission_rate: the name that the mart gives that rate. -#}
    episodes,
        {{ rate_columns('share', 'episodes', 'all_episodes') }},
        costs_known,
        cast(coalesce(total_cost, 0) as decimal(18, 2)) as total_cost,
        {{ mean_columns('mean_cost', 'costs_known', 'total_cost', 'cost_squares') }},
        median_cost,
        median_cost_low,
        median_cost_high,
        satisfaction_scores,
        {{ mean_columns(
            'mean_satisfaction', 'satisfaction_scores', 'total_satisfaction', 'satisfaction_squares'
        ) }},
        {{ sd_of_sums('satisfaction_scores', 'total_satisfaction', 'satisfaction_squares') }}
            as sd_satisfaction,
        readmissions_recorded,
        readmission_known,
        {{ rate_columns(readmission_rate, 'readmissions_recorded', 'readmission_known') }},
        successes,
        evaluable,
        {{ rate_columns('success_rate', 'successes', 'evaluable') }},
        stays_recorded,
        {{ order_free(safe_divide('total_stay_recorded', 'stays_recorded')) }}
            as mean_length_of_stay_recorded,
        {{ mean_columns(
            'mean_length_of_stay_days', 'stays_recorded', 'total_stay_days', 'stay_days_squares',
            of_doubles=true
        ) }},
        stays_measured,
        {{ mean_columns(
            'mean_length_of_stay_aihw_days', 'stays_measured', 'total_aihw_days',
            'aihw_days_squares'
        ) }}
{%- endmacro %}

{% macro mortality_columns() -%}
    {#- Sums over int_deaths_expected, with the rate and the ratio of observed to expected. -#}
    {%- set known = 'sum(separations_with_disposition)' -%}
    {%- set expected = order_free('sum(expected_deaths)') -%}
    {%- set comparable = 'case when ' ~ known ~ ' >= ' ~ minimum_n('risk_adjusted') ~ ' then ' ~ expected ~ ' end' -%}
    cast(sum(separations) as bigint) as separations,
        cast({{ known }} as bigint) as separations_with_disposition,
        cast(sum(deaths) as bigint) as deaths,
        {{ rate_columns('mortality_rate', 'sum(deaths)', known) }},
        case when {{ known }} > 0 then {{ expected }} end as expected_deaths,
        {{ observed_to_expected_columns('observed_to_expected', 'sum(deaths)', comparable) }}
{%- endmacro %}

{% macro triage_limit_minutes(triage_category) -%}
    {#- Minutes within which care begins on time (Australasian Triage Scale); null without triage. -#}
    case {{ triage_category }}
        when 1 then 2
        when 2 then 10
        when 3 then 30
        when 4 then 60
        when 5 then 120
    end
{%- endmacro %}

{% macro tallied_spread(name, last_rank, n, shares) -%}
    {#-
      From a tally of whole numbers in the column `name`: the median with its bounds, then the
      percentiles asked for. median_name, median_name_low, median_name_high, p90_name and so on.
    -#}
    {{ tallied_quantile(name, last_rank, n, 0.5) }} as median_{{ name }},
        min(case when {{ last_rank }} >= {{ median_low_rank(n) }} then {{ name }} end)
            as median_{{ name }}_low,
        min(case when {{ last_rank }} >= {{ median_high_rank(n) }} then {{ name }} end)
            as median_{{ name }}_high
        {%- for share in shares %},
        {{ tallied_quantile(name, last_rank, n, share / 100) }} as p{{ share }}_{{ name }}
        {%- endfor %}
{%- endmacro %}

{% macro observed_arrivals() -%}
    {#- CTEs, the last two of which are `observed` (the days) and `arrivals`. -#}
visits as (

    select * from {{ ref('fct_episodes') }}
    where is_emergency_visit and not is_future and arrived_at is not null

),

systems as (

    select * from {{ ref('int_systems_dated') }}
    where source_system = 'care_episodes'

),

-- from where the data begin (not from a lone absurd date) to the last arrival
observed as (

    select
        systems.observed_from as first_day,
        (
            select max(cast(visits.arrived_at as date)) from visits
            where cast(visits.arrived_at as date) < systems.as_of_date
        ) as last_day
    from systems

),

arrivals as (

    select
        visits.facility_id,
        cast(visits.arrived_at as date) as arrival_date,
        {{ iso_weekday('cast(visits.arrived_at as date)') }} as weekday_number,
        cast(extract(hour from visits.arrived_at) as bigint) as hour
    from visits
    inner join observed
        on observed.first_day <= cast(visits.arrived_at as date)
        and observed.last_day >= cast(visits.arrived_at as date)

)
{%- endmacro %}
