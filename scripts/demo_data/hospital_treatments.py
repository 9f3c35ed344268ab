"""The demo's treatments and bills.

Usage: imported by scripts/generate_demo_data.py; nothing to run.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from demo_data.draws import Lottery, Stream
from demo_data.hospital_appointments import Appointment
from demo_data.hospital_people import AS_OF, SYSTEM
from demo_data.tables import Row, Table

TREATMENTS_PER_ATTENDANCE = {0: 30, 1: 45, 2: 20, 3: 5}
# Of the missed appointments, so many carry a treatment all the same.
TREATMENTS_ON_MISSED = 26
DESCRIPTIONS_WITH_LINE_BREAKS = 12


@dataclass(frozen=True)
class TreatmentType:
    """A kind of treatment: its share of all treatments, and its log-normal cost."""

    name: str
    share: int
    mean_cost: Decimal
    sigma: Decimal


# Chemotherapy has the highest mean cost, dialysis the highest total.
TREATMENT_TYPES = (
    TreatmentType("Physiotherapy", 30, Decimal(140), Decimal("0.30")),
    TreatmentType("X-Ray", 20, Decimal(180), Decimal("0.35")),
    TreatmentType("Dialysis", 20, Decimal(640), Decimal("0.25")),
    TreatmentType("ECG", 17, Decimal(110), Decimal("0.30")),
    TreatmentType("MRI", 10, Decimal(780), Decimal("0.35")),
    TreatmentType("Chemotherapy", 3, Decimal(2900), Decimal("0.45")),
)
TYPES = Lottery({kind: kind.share for kind in TREATMENT_TYPES})

DESCRIPTIONS = {"Standard procedure": 50, "Basic screening": 30, "Advanced protocol": 18, "None": 2}
LONG_DESCRIPTIONS = (
    'Patient said "much better"\nReview in six weeks',
    "Second attempt,\nfirst one abandoned",
    'Dose as charted ("half strength")\n\nNo reaction seen',
)

PAYMENT_METHODS = ("Cash", "Credit Card", "Insurance")
# Of 100 bills: the same for every payment method, but only insurers deny.
FATES = {"Paid": 88, "Pending": 3, "Failed": 9}
INSURED_FATES = {"Paid": 88, "Pending": 3, "Failed": 4, "Denied": 5}
DAYS_TO_SETTLE = {(0, 7): 30, (8, 30): 40, (31, 90): 22, (91, 180): 8}
ADJUSTED_PROBABILITY = 0.5

TREATMENT_COLUMNS = (
    "treatment_id",
    "appointment_id",
    "treatment_type",
    "description",
    "cost",
    "treatment_date",
)
BILL_COLUMNS = (
    "bill_id",
    "patient_id",
    "treatment_id",
    "bill_date",
    "amount",
    "payment_method",
    "payment_status",
    "paid_at",
    "paid_amount",
    "adjustment_amount",
)


@dataclass(eq=False)
class Treatment:
    """A treatment and the appointment that it belongs to."""

    appointment: Appointment
    kind: TreatmentType
    cost: Decimal
    treatment_id: str = ""


def treatments(appointments: Table) -> Table:
    """Treat the patients who came, and a few who did not."""
    missed = appointments.pick(
        TREATMENTS_ON_MISSED, "treatments", lambda row: was_missed_in_quiet_time(row.source)
    )
    given = []
    for row in appointments.rows:
        one = row.source
        stream = Stream("treatments", one.appointment_id)
        if one.outcome == "attended":
            one.treatments = stream.weighted(TREATMENTS_PER_ATTENDANCE)
        elif row in missed:
            one.treatments = 1
            row.is_taken = True
        given += [treatment(stream, one) for _ in range(one.treatments)]
    given.sort(key=lambda one: (one.appointment.start, one.appointment.appointment_id))
    for number, one in enumerate(given, start=1):
        one.treatment_id = f"T{number:05d}"
    rows = [written_treatment(one) for one in given]
    table = Table(SYSTEM, "treatments", TREATMENT_COLUMNS, rows)
    breaks = table.pick(DESCRIPTIONS_WITH_LINE_BREAKS, "line breaks")
    for number, row in enumerate(breaks):
        row.values["description"] = LONG_DESCRIPTIONS[number % len(LONG_DESCRIPTIONS)]
    return table


def was_missed_in_quiet_time(one: Appointment) -> bool:
    """Find missed appointments in the past, billed well away from the quarter loaded twice."""
    near_reload = date(2024, 9, 1) <= one.day < date(2025, 1, 15)
    return one.outcome in ("no_show", "cancelled") and one.day < AS_OF and not near_reload


def treatment(stream: Stream, appointment: Appointment) -> Treatment:
    """Draw one treatment."""
    kind = stream.weighted(TYPES)
    return Treatment(appointment, kind, stream.log_normal(kind.mean_cost, kind.sigma))


def written_treatment(one: Treatment) -> Row:
    """Write one treatment."""
    values = (
        one.treatment_id,
        one.appointment.appointment_id,
        one.kind.name,
        Stream("description", one.treatment_id).weighted(DESCRIPTIONS),
        str(one.cost),
        one.appointment.day.isoformat(),
    )
    row = Row(dict(zip(TREATMENT_COLUMNS, values, strict=True)), one)
    if one.appointment.outcome != "attended":
        row.mark("flagged", "treatment_without_attendance")
    return row


def bills(treatments: Table) -> Table:
    """Bill every treatment once."""
    drawn = sorted(
        (bill_date(row.source), row.source.treatment_id, row.source) for row in treatments.rows
    )
    rows = [bill(f"B{number:05d}", one, day) for number, (day, _, one) in enumerate(drawn, start=1)]
    return Table(SYSTEM, "billing", BILL_COLUMNS, rows)


def bill_date(one: Treatment) -> date:
    """Draw the day of the bill: within ten days, and before the as-of day."""
    day = one.appointment.day + timedelta(days=Stream("bill date", one.treatment_id).integer(0, 10))
    return min(day, AS_OF - timedelta(days=1))


def bill(bill_id: str, one: Treatment, day: date) -> Row:
    """Write one bill; what has not been settled by the as-of day is still pending."""
    stream = Stream("bill", one.treatment_id)
    method = stream.one_of(PAYMENT_METHODS)
    insured = method == "Insurance"
    fate = stream.weighted(INSURED_FATES if insured else FATES)
    settled = day + timedelta(days=stream.integer(*stream.weighted(DAYS_TO_SETTLE)))
    status = fate if settled < AS_OF else "Pending"
    row = Row(
        {
            "bill_id": bill_id,
            "patient_id": one.appointment.patient.patient_id,
            "treatment_id": one.treatment_id,
            "bill_date": day.isoformat(),
            "amount": str(one.cost),
            "payment_method": method,
            "payment_status": status,
            "paid_at": "",
            "paid_amount": "",
            "adjustment_amount": "",
        },
        one,
    )
    if status == "Paid":
        pay(stream, row, settled, insured)
    if status == "Paid" and one.appointment.outcome != "attended":
        row.mark("flagged", "paid_without_attendance")
    return row


def pay(stream: Stream, row: Row, day: date, insured: bool) -> None:
    """Write the payment of a bill; insurers pay some bills short, by contract."""
    amount, adjustment = Decimal(row.values["amount"]), Decimal(0)
    if insured and stream.chance(ADJUSTED_PROBABILITY):
        adjustment = (amount * stream.integer(5, 20) / 100).quantize(Decimal("0.01"))
        row.values["adjustment_amount"] = str(adjustment)
    row.values["paid_at"] = day.isoformat()
    row.values["paid_amount"] = str(amount - adjustment)
