// The filters: read from the address, checked, kept in the address, said in a sentence.
const state = (() => {
  const CHOICES = { facility_id: 'facility', department_id: 'department', doctor_id: 'doctor' };
  const COMPARISONS = ['none', 'previous', 'year', 'others'];
  let current = {};
  let leftOut = ''; // what was asked for last and could not be taken over
  let known = {};

  const select = (name) => document.getElementById(`filter-${name}`);

  /** Only what the page knows is taken: an address is typed, mailed and cut short by people. */
  function checked(wanted) {
    const result = { compare: 'none' };
    for (const [column, name] of Object.entries(CHOICES)) {
      if (known[column].has(wanted[name])) result[column] = wanted[name];
    }
    for (const name of ['from', 'to']) if (known.months.has(wanted[name])) result[name] = wanted[name];
    if (result.from && result.to && result.from > result.to) {
      [result.from, result.to] = [result.to, result.from];
    }
    // the ends of the data are no filter
    if (result.from === known.first) delete result.from;
    if (result.to === known.last) delete result.to;
    if (COMPARISONS.includes(wanted.compare)) result.compare = wanted.compare;
    if (result.doctor_id) {
      const { facilities, departments } = known.doctors[result.doctor_id];
      if (result.facility_id && !facilities.includes(result.facility_id)) delete result.doctor_id;
      else if (result.department_id && !departments.includes(result.department_id)) delete result.doctor_id;
    }
    return result;
  }

  function fromHash() {
    let hash;
    try {
      hash = new URLSearchParams(window.location.hash.slice(1));
    } catch { hash = new URLSearchParams(); }
    return taken(Object.fromEntries(hash));
  }

  /** What is taken over of the filters that a person asked for; what is not is said beside them. */
  function taken(wanted) {
    const result = checked(wanted);
    const isUnknown = Object.entries(CHOICES).some(([column, name]) => wanted[name] && !known[column].has(wanted[name]))
      || ['from', 'to'].some((name) => wanted[name] && !known.months.has(wanted[name]));
    leftOut = isUnknown ? ' A filter that these data do not know was left out.' : '';
    if (known.doctor_id.has(wanted.doctor) && !result.doctor_id) {
      const doctor = known.labels.doctor_id[wanted.doctor] || wanted.doctor;
      const place = known.doctors[wanted.doctor].facilities.includes(result.facility_id) || !result.facility_id
        ? known.labels.department_id[result.department_id] : known.labels.facility_id[result.facility_id];
      leftOut += ` ${doctor} has nothing at ${place}: all doctors are shown.`;
    }
    return result;
  }

  function toHash(filters) {
    const hash = new URLSearchParams();
    for (const [column, name] of Object.entries(CHOICES)) {
      if (filters[column]) hash.set(name, filters[column]);
    }
    for (const name of ['from', 'to']) if (filters[name]) hash.set(name, filters[name]);
    if (filters.compare !== 'none') hash.set('compare', filters.compare);
    return hash.toString();
  }

  /** What the controls say. */
  function fromControls() {
    const wanted = {};
    for (const name of ['facility', 'department', 'doctor', 'from', 'to', 'compare']) {
      wanted[name] = select(name).value;
    }
    return taken(wanted);
  }

  /** Show filters in the controls; doctors of other facilities and departments are not offered. */
  function toControls(filters) {
    for (const [column, name] of Object.entries(CHOICES)) select(name).value = filters[column] || '';
    select('from').value = filters.from || known.first;
    select('to').value = filters.to || known.last;
    select('compare').value = filters.compare;
    for (const option of select('doctor').options) {
      const doctor = known.doctors[option.value];
      option.hidden = Boolean(doctor) && (
        (filters.facility_id && !doctor.facilities.includes(filters.facility_id))
        || (filters.department_id && !doctor.departments.includes(filters.department_id)));
    }
    const whole = !filters.from && !filters.to;
    const narrowed = filters.facility_id || filters.department_id || filters.doctor_id;
    for (const option of select('compare').options) {
      option.disabled = (option.value === 'previous' && whole) || (option.value === 'others' && !narrowed);
    }
  }

  const names = (column, value, every) => (value ? known.labels[column][value] : every);

  /** The period in words: of the selection, as far as the data behind a number (`held`) go. */
  function period(filters, held) {
    let [from, to] = [filters.from || known.first, filters.to || known.last];
    if (!from) return 'no dated events';
    if (held && from < held[0] && to >= held[0]) from = held[0];
    if (held && to > held[1] && from <= held[1]) to = held[1];
    return from === to ? format.period(from) : `${format.period(from)} to ${format.period(to)}`;
  }

  /** The places and people that were chosen, or that all are shown where a chart does not hold them. */
  function places(filters, unfiltered, own) {
    const every = { facility_id: 'all facilities', department_id: 'all departments', doctor_id: 'all doctors' };
    return Object.keys(CHOICES)
      .filter((column) => filters[column] && column !== own)
      .map((column) => (unfiltered.includes(column) ? every[column] : known.labels[column][filters[column]] || filters[column]));
  }

  /** The place or person of the filters of which a cube has nothing at all: '' where it has. */
  function without(filters, cube) {
    const column = Object.keys(CHOICES).find((name) => filters[name] && cubes.lacks(cube, name, filters[name]));
    return column ? known.labels[column][filters[column]] || filters[column] : '';
  }

  /** The filters that a chart follows as a part of a file's name: letters, digits, - and _ only. */
  function fileName(id, { unfiltered, own }) {
    const plain = (text) => text.normalize('NFKD').replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 40);
    const places = Object.keys(CHOICES)
      .filter((column) => current[column] && column !== own && !unfiltered.includes(column))
      .map((column) => plain(current[column]) || 'unnamed');
    const months = (current.from || current.to) && !unfiltered.includes('period')
      ? [`${current.from || known.first}-to-${current.to || known.last}`] : [];
    const data = known.last ? [`data-to-${known.last}`] : [];
    return [id, ...(places.length + months.length ? [...places, ...months] : ['all']), `publish-${known.publish}`, ...data].join('_');
  }

  /** The filters in words. */
  function sentence(filters) {
    const parts = [
      names('facility_id', filters.facility_id, 'All facilities'),
      names('department_id', filters.department_id, 'all departments'),
    ];
    if (Object.keys(known.doctors).length) parts.push(names('doctor_id', filters.doctor_id, 'all doctors'));
    return `${parts.join(', ')}, ${period(filters)}`;
  }

  /** The filters of the comparison, its name, and by how many months its periods lie earlier. */
  function comparison(filters) {
    const { compare, ...rest } = filters;
    if (compare === 'others') {
      const column = ['doctor_id', 'department_id', 'facility_id'].find((name) => rest[name]);
      if (!column) return null;
      const not = rest[column];
      const name = { doctor_id: 'other doctors', department_id: 'other departments', facility_id: 'other facilities' }[column];
      return { filters: { ...rest, [column]: (value) => value !== not }, name, shift: 0, excluded: column };
    }
    if (compare !== 'previous' && compare !== 'year') return null;
    const [from, to] = [rest.from || known.first, rest.to || known.last];
    if (!from) return null;
    const shift = compare === 'year' ? 12 : format.monthsBetween(from, to);
    const earlier = { from: format.shifted(from, -shift), to: format.shifted(to, -shift) };
    if (earlier.from < known.first) return null;
    return { filters: { ...rest, ...earlier }, name: period(earlier), shift, overlaps: earlier.to >= from };
  }

  /** Why a comparison that was asked for is not made. */
  function whyNot(filters) {
    if (filters.compare === 'none') return '';
    if (filters.compare === 'others') return ' No comparison with others: choose a facility, a department or a doctor.';
    return ` No comparison with earlier months: the data begin in ${format.period(known.first || '')}.`;
  }

  /** Take over filters: address, controls and what `get` gives. */
  function set(filters) {
    current = filters;
    toControls(filters);
    const hash = toHash(filters);
    if (window.location.hash.slice(1) !== hash) {
      window.history.replaceState(null, '', hash ? `#${hash}` : window.location.pathname + window.location.search);
    }
  }

  function start(page) {
    const { first, last } = page.period;
    known = {
      first,
      last,
      months: new Set(page.months),
      labels: page.labels,
      publish: page.publish,
      doctors: page.doctors,
      facility_id: new Set(page.facilities),
      department_id: new Set(page.departments),
      doctor_id: new Set(Object.keys(page.doctors)),
    };
    set(fromHash());
  }

  return { start, set, checked, taken, leftOut: () => leftOut, fromHash, fromControls, sentence, places, without, fileName, period, comparison, whyNot, get: () => current };
})();
