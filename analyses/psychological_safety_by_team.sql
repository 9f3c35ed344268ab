-- How psychologically safe do teams feel in the latest wave, and do their members agree? Teams with
-- too few respondents are not shown.
select
    facilities.name as facility,
    departments.name as department,
    teams.respondents,
    round(teams.mean_score, 2) as mean_score,
    round(teams.mean_score_low, 2) as mean_score_low,
    round(teams.mean_score_high, 2) as mean_score_high,
    round(teams.rwg, 2) as rwg
from marts.kpi_team_psychological_safety as teams
inner join marts.dim_facilities as facilities
    on facilities.facility_id = teams.facility_id
inner join marts.dim_departments as departments
    on departments.department_id = teams.department_id
where
    teams.is_reportable
    and teams.survey_wave = (
        select max(latest.survey_wave) from marts.kpi_team_psychological_safety as latest
    )
order by teams.mean_score asc nulls last, facility asc, department asc
