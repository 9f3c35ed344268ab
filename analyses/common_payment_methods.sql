-- Which payment methods are common, by bills and by amount?
select
    payment_method,
    bills,
    round(100 * share_of_bills, 1) as percent_of_bills,
    round(100 * share_of_bills_low, 1) as percent_of_bills_low,
    round(100 * share_of_bills_high, 1) as percent_of_bills_high,
    billed_amount,
    round(100 * share_of_amount, 1) as percent_of_amount
from marts.kpi_payment_mix
where facility_id = 'all' and payment_status = 'all' and payment_method != 'all'
order by bills desc, payment_method asc
