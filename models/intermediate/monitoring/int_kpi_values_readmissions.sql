with

readmissions as (

    select * from {{ ref('kpi_readmissions') }}

),

final as (

    {% for kpi_id, definition in [
        ('PF07', 'hwr_like'), ('PF08', 'cancer_3188_like'), ('PF09', 'au_28d'),
        ('PF13', 'as_recorded'),
    ] -%}
    {{ kpi_value_row(
        kpi_id, 'care_episodes', 'episodes', 'readmissions', 'readmission_rate',
        numerator='readmissions', denominator='index_stays', excluded='stays - index_stays',
        department_id='department_id', where="definition = '" ~ definition ~ "'"
    ) }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
)

select * from final
