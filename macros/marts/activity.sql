{#- Columns of the episode activity marts that several of them have. -#}

{% macro episode_dimensions() -%}
    {#- What episodes are summarised by: the name of the dimension and the SQL of its value. -#}
    {{ return([
        ('all', "'all'"),
        ('department', 'department_id'),
        ('facility', 'facility_id'),
        ('gender', 'gender'),
        ('age_band', 'age_band'),
        ('insurance_type', 'insurance_type'),
        ('treatment_type', 'treatment_type'),
        ('month', 'cast(month as string)'),
        ('region', 'region'),
        ('cancer_stage', 'cancer_stage'),
    ]) }}
{%- endmacro %}

{% macro episode_sum_names() -%}
    {{ return([
        'episodes', 'costs_known', 'total_cost', 'cost_squares', 'satisfaction_scores',
        'total_satisfaction', 'satisfaction_squares', 'readmission_known', 'readmissions_recorded',
        'evaluable', 'successes', 'stays_recorded', 'total_stay_recorded', 'total_stay_days',
        'stay_days_squares', 'stays_measured', 'total_aihw_days', 'aihw_days_squares',
    ]) }}
{%- endmacro %}

{% macro episode_sums() -%}
    {#- Over rows of fct_episodes, all additive: money and scores exact, stays as doubles. -#}
    count(*) as episodes,
        count(cost) as costs_known,
        sum(cost) as total_cost,
        sum({{ square_of_money('cost') }}) as cost_squares,
        count(satisfaction_score) as satisfaction_scores,
        sum(satisfaction_score) as total_satisfaction,
        sum(satisfaction_score * satisfaction_score) as satisfaction_squares,
        count(is_readmitted_30d) as readmission_known,
        count(case when is_readmitted_30d then 1 end) as readmissions_recorded,
        count(is_success) as evaluable,
        count(case when is_success then 1 end) as successes,
        count(length_of_stay_recorded) as stays_recorded,
        sum(length_of_stay_recorded) as total_stay_recorded,
        sum(length_of_stay_days) as total_stay_days,
        sum(length_of_stay_days * length_of_stay_days) as stay_days_squares,
        count(aihw_days) as stays_measured,
        sum(aihw_days) as total_aihw_days,
        sum(aihw_days * aihw_days) as aihw_days_squares
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
