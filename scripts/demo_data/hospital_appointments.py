"""The demo's appointments, with the truths planted in them.

Usage: imported by scripts/generate_demo_data.py; nothing to run.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from demo_data.draws import Lottery, Stream, logistic
from demo_data.hospital_people import AS_OF, FACILITIES, SYSTEM, Doctor, Facility, Patient
from demo_data.tables import Row, Table

FIRST_DAY = date(2023, 7, 1)
PAST_APPOINTMENTS = 11_900
FUTURE_APPOINTMENTS = 300
BUSY_DOCTOR, BUSY_FACTOR = "D017", 2.6

WEEKDAY_WEIGHTS = (125, 115, 100, 100, 85, 8, 0)
HOUR_WEIGHTS = {8: 80, 9: 160, 10: 170, 11: 130, 12: 60, 13: 80, 14: 100, 15: 90, 16: 70, 17: 30}
PEAK_WEEKDAY, PEAK_HOUR, PEAK_FACTOR = 0, 9, 1.5
FIXED_HOLIDAYS = {(1, 1), (1, 26), (4, 25), (12, 25), (12, 26)}

# Days between booking and appointment, and how many of 100 appointments.
LEAD_DAYS = {(0, 0): 6, (1, 7): 32, (8, 21): 27, (22, 42): 20, (43, 90): 15}

CANCELLED_PROBABILITY = 0.12
FUTURE_CANCELLED_PROBABILITY = 0.05
CANCELLED_BY_PATIENT_PROBABILITY = 0.7

NO_SHOW_LOG_ODDS = Decimal("-2.80")
NO_SHOW_LOG_ODDS_PER_LEAD_DAY = Decimal("0.024")
REMINDERS_FROM = date(2025, 2, 1)
REMINDER_ODDS_RATIO = Decimal("0.60")

BACKLOG_FACILITY = "Ironbark Plains Hospital"
BACKLOG_FROM = date(2025, 10, 1)
BACKLOG_PROBABILITY = 0.35
FORGOTTEN_PROBABILITY = 0.008

STATUS_WORDS = {
    "attended": "Completed",
    "no_show": "No-show",
    "cancelled": "Cancelled",
    "scheduled": "Scheduled",
}
OTHER_STATUS_WORDS = {"attended": "Attended", "no_show": "DNA", "cancelled": "Canceled"}
OTHER_WORDS_FACILITY, OTHER_WORDS_PROBABILITY = "Kurrajong Valley Clinic", 0.4

REASONS = {"Checkup": 30, "Follow-up": 30, "Therapy": 20, "Consultation": 12, "Emergency": 8}

# Of two and of three appointments at one time; and cancelled times that were filled again.
DOUBLE_BOOKINGS = {2: 13, 3: 2}
REFILLED_TIMES = 16

COLUMNS = (
    "appointment_id",
    "patient_id",
    "doctor_id",
    "appointment_date",
    "appointment_time",
    "reason_for_visit",
    "status",
    "booked_at",
    "cancelled_at",
    "cancelled_by",
    "duration_minutes",
)


@dataclass(eq=False)
class Appointment:
    """An appointment as it really is; its row may say something else."""

    patient: Patient
    doctor: Doctor
    start: datetime
    booked: datetime
    outcome: str = "scheduled"
    cancelled: datetime | None = None
    cancelled_by: str = ""
    appointment_id: str = ""
    treatments: int = 0
    is_double_booked: bool = False

    @property
    def day(self) -> date:
        """Day of the appointment."""
        return self.start.date()


class Diary:
    """Who can be booked with whom, and which times are taken."""

    def __init__(self, doctors: Table, patients: Table) -> None:
        """Prepare the lotteries of facilities, doctors, patients and days."""
        self.taken: set[tuple[str, datetime]] = set()
        self.facilities = Lottery({facility: facility.share for facility in FACILITIES})
        self.doctors = {place: self._doctors_of(place, doctors) for place in FACILITIES}
        self.patients = self._patient_lotteries([row.source for row in patients.rows])
        self.past_days = Lottery(day_weights(FIRST_DAY, AS_OF))
        # The diary of the coming weeks fills up from its beginning.
        self.future_days = Lottery(
            {
                day: weight * (65 - (day - AS_OF).days)
                for day, weight in day_weights(AS_OF, date(2026, 9, 1)).items()
            }
        )
        self.leads = Lottery(LEAD_DAYS)
        self.hours = {weekday: Lottery(hour_weights(weekday)) for weekday in range(7)}

    @staticmethod
    def _doctors_of(facility: Facility, doctors: Table) -> Lottery:
        """All doctors of a facility have the same expected caseload, but for the busy one."""
        people = [row.source for row in doctors.rows if row.source.facility is facility]
        return Lottery(
            {one: BUSY_FACTOR if one.doctor_id == BUSY_DOCTOR else 1.0 for one in people}
        )

    @staticmethod
    def _patient_lotteries(people: list[Patient]) -> dict[object, Lottery]:
        """Group the patients by usual facility, and the young ones apart."""
        groups: dict[object, dict[Patient, int]] = defaultdict(dict)
        for one in people:
            groups[one.home][one] = one.visit_weight
            groups["anywhere"][one] = one.visit_weight
            if one.born > date(2005, 7, 1):
                groups["young", one.home][one] = one.visit_weight
        return {group: Lottery(weights) for group, weights in groups.items()}

    def free_start(self, stream: Stream, doctor: Doctor, day: date) -> datetime:
        """Draw a time at which the doctor is still free, and take it."""
        while True:
            hour = stream.weighted(self.hours[day.weekday()])
            minute = stream.integer(0, 60 // doctor.slot_minutes - 1) * doctor.slot_minutes
            start = datetime.combine(day, time(hour, minute))
            if (doctor.doctor_id, start) not in self.taken:
                self.taken.add((doctor.doctor_id, start))
                return start

    def patient_for(self, stream: Stream, doctor: Doctor, day: date, booked: date) -> Patient:
        """Draw a registered patient; paediatricians see people under 18 only."""
        home = doctor.facility if stream.chance(0.92) else stream.weighted(self.facilities)
        for_children = doctor.specialty == "Paediatrics"
        lottery = self.patients[("young", home) if for_children else home]
        while True:
            one = stream.weighted(lottery)
            is_young = (day - one.born).days < 18 * 365
            if one.registered <= booked and (is_young or not for_children):
                return one


def day_weights(first: date, end: date) -> dict[date, int]:
    """Weigh the days from `first` to before `end`: weekdays differ, holidays are closed."""
    days = [first + timedelta(days=number) for number in range((end - first).days)]
    return {
        day: WEEKDAY_WEIGHTS[day.weekday()]
        for day in days
        if WEEKDAY_WEIGHTS[day.weekday()] and (day.month, day.day) not in FIXED_HOLIDAYS
    }


def hour_weights(weekday: int) -> dict[int, float]:
    """Weigh the hours of a weekday: busy mornings, and one peak."""
    is_peak = {hour: weekday == PEAK_WEEKDAY and hour == PEAK_HOUR for hour in HOUR_WEIGHTS}
    return {
        hour: weight * (PEAK_FACTOR if is_peak[hour] else 1)
        for hour, weight in HOUR_WEIGHTS.items()
    }


def appointments(doctors: Table, patients: Table) -> Table:
    """Book everything, number it in the order of booking, and write it down."""
    diary = Diary(doctors, patients)
    booked = [past_appointment(diary, number) for number in range(PAST_APPOINTMENTS)]
    booked += [future_appointment(diary, number) for number in range(FUTURE_APPOINTMENTS)]
    share_times(booked)
    booked.sort(key=lambda one: (one.booked, one.start, one.doctor.doctor_id))
    for number, one in enumerate(booked, start=1):
        one.appointment_id = f"A{number:05d}"
        one.patient.appointments += 1
    return Table(SYSTEM, "appointments", COLUMNS, [written(one) for one in booked])


def past_appointment(diary: Diary, number: int) -> Appointment:
    """Book an appointment before the as-of day and let it happen."""
    stream = Stream("appointment", number)
    doctor = stream.weighted(diary.doctors[stream.weighted(diary.facilities)])
    day = stream.weighted(diary.past_days)
    start = diary.free_start(stream, doctor, day)
    lead = stream.integer(*stream.weighted(diary.leads))
    booked = booking_time(stream, start, day - timedelta(days=lead))
    one = Appointment(diary.patient_for(stream, doctor, day, booked.date()), doctor, start, booked)
    in_backlog = doctor.facility.name == BACKLOG_FACILITY and day >= BACKLOG_FROM
    if stream.chance(BACKLOG_PROBABILITY if in_backlog else FORGOTTEN_PROBABILITY):
        one.outcome = "scheduled"
    elif stream.chance(CANCELLED_PROBABILITY):
        cancel(stream, one, start)
    else:
        one.outcome = "no_show" if stream.chance(no_show_probability(lead, day)) else "attended"
    return one


def future_appointment(diary: Diary, number: int) -> Appointment:
    """Book an appointment on or after the as-of day."""
    stream = Stream("future appointment", number)
    doctor = stream.weighted(diary.doctors[stream.weighted(diary.facilities)])
    day = stream.weighted(diary.future_days)
    start = diary.free_start(stream, doctor, day)
    booked = booking_time(stream, start, AS_OF - timedelta(days=stream.integer(1, 28)))
    one = Appointment(diary.patient_for(stream, doctor, day, booked.date()), doctor, start, booked)
    if stream.chance(FUTURE_CANCELLED_PROBABILITY):
        cancel(stream, one, datetime.combine(AS_OF, time(0)))
    return one


def booking_time(stream: Stream, start: datetime, day: date) -> datetime:
    """Draw the time of booking on a day; on the day itself it is shortly before."""
    if day == start.date():
        return start - timedelta(minutes=stream.integer(30, 120))
    return datetime.combine(day, time(stream.integer(7, 19), stream.integer(0, 59)))


def cancel(stream: Stream, one: Appointment, before: datetime) -> None:
    """Cancel an appointment; three in ten patients do so in the last 24 hours."""
    minutes_left = int((before - one.booked).total_seconds()) // 60
    latest = min(minutes_left - 5, 24 * 60) if stream.chance(0.3) else minutes_left - 5
    one.outcome = "cancelled"
    one.cancelled = before - timedelta(minutes=stream.integer(1, latest))
    by_patient = stream.chance(CANCELLED_BY_PATIENT_PROBABILITY)
    one.cancelled_by = "patient" if by_patient else "hospital"


def no_show_probability(lead: int, day: date) -> Decimal:
    """Give the true probability that a patient who has not cancelled stays away."""
    log_odds = NO_SHOW_LOG_ODDS + NO_SHOW_LOG_ODDS_PER_LEAD_DAY * lead
    if day >= REMINDERS_FROM:
        log_odds += REMINDER_ODDS_RATIO.ln()
    return logistic(log_odds)


def share_times(booked: list[Appointment]) -> None:
    """Give some appointments the time of another one of the same doctor and day.

    All of them took place: a double booking. The first was cancelled: its time was filled again.
    """
    days: dict[tuple[str, date], list[Appointment]] = defaultdict(list)
    for one in booked:
        days[one.doctor.doctor_id, one.day].append(one)
    crowds, refills = [], []
    for together in days.values():
        cancelled = [one for one in together if one.outcome == "cancelled"]
        met = [
            one
            for one in together
            if one.outcome in ("attended", "no_show") and one.booked.date() < one.day
        ]
        if len(met) in (2, 3) and not cancelled:
            crowds.append(met)
        elif met and cancelled and met[0].booked > cancelled[0].cancelled:
            refills.append((cancelled[0], met[0]))
    for first, second in Stream("refilled times").sample(refills, REFILLED_TIMES):
        second.start = first.start
    for size, number in DOUBLE_BOOKINGS.items():
        of_size = [crowd for crowd in crowds if len(crowd) == size]
        for crowd in Stream("double bookings", size).sample(of_size, number):
            for one in crowd:
                one.start = crowd[0].start
                one.is_double_booked = True


def written(one: Appointment) -> Row:
    """Write an appointment as the source system shows it."""
    stream = Stream("written appointment", one.appointment_id)
    hour = f"{one.start.hour:02d}" if stream.chance(0.3) else str(one.start.hour)
    values = (
        one.appointment_id,
        one.patient.patient_id,
        one.doctor.doctor_id,
        one.day.isoformat(),
        f"{hour}:{one.start.minute:02d}",
        stream.weighted(REASONS),
        status_word(stream, one),
        minute_text(one.booked),
        minute_text(one.cancelled) if one.cancelled else "",
        one.cancelled_by,
        str(one.doctor.slot_minutes),
    )
    row = Row(dict(zip(COLUMNS, values, strict=True)), one)
    if one.outcome == "scheduled" and one.day < AS_OF:
        row.mark("flagged", "outcome_not_recorded")
    if one.is_double_booked:
        row.mark("flagged", "double_booking")
    return row


def status_word(stream: Stream, one: Appointment) -> str:
    """Write an outcome in the words of the facility."""
    other_house = one.doctor.facility.name == OTHER_WORDS_FACILITY
    if other_house and stream.chance(OTHER_WORDS_PROBABILITY):
        return OTHER_STATUS_WORDS.get(one.outcome, STATUS_WORDS[one.outcome])
    return STATUS_WORDS[one.outcome]


def minute_text(moment: datetime) -> str:
    """Write a moment to the minute; the format has no directives that platforms differ in."""
    return moment.isoformat(sep=" ", timespec="minutes")
