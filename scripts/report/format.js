// How numbers and months are written, and elements made; text is only ever set as text.
const format = (() => {
  const whole = new Intl.NumberFormat('en-AU', { maximumFractionDigits: 0 });
  const one = new Intl.NumberFormat('en-AU', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const two = new Intl.NumberFormat('en-AU', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const minus = (text) => text.replace('-', '−');

  function money(value) {
    const size = Math.abs(value);
    if (size >= 1e9) return minus(`${value < 0 ? '-' : ''}$${two.format(size / 1e9)}bn`);
    if (size >= 1e7) return minus(`${value < 0 ? '-' : ''}$${two.format(size / 1e6)}m`);
    return minus(`${value < 0 ? '-' : ''}$${whole.format(size)}`);
  }

  const UNITS = {
    percent: (value) => minus(`${one.format(100 * value)}%`),
    whole_percent: (value) => minus(`${whole.format(100 * value)}%`), // the data are rounded to it
    count: (value) => minus(whole.format(value)),
    money,
    score: (value) => minus(two.format(value)),
    days: (value) => minus(`${two.format(value)} days`), // as the marts of the shareable edition have it
  };
  const POINTS = {
    percent: (value) => `${one.format(100 * value)} points`,
    whole_percent: (value) => `${whole.format(100 * value)} points`,
  };

  /** A value in its unit; a dash when there is none. */
  function value(number, unit) {
    return number === null || Number.isNaN(number) ? '–' : UNITS[unit](number);
  }

  /** A difference in its unit: points of percent rather than percent, without a sign. */
  function difference(number, unit) {
    const size = Math.abs(number);
    return (POINTS[unit] || UNITS[unit])(size);
  }

  /** A value with its interval. */
  function interval(row, unit) {
    if (row.low === null || row.high === null) return value(row.value, unit);
    return `${value(row.value, unit)} (${value(row.low, unit)} to ${value(row.high, unit)})`;
  }

  /** 2026-06 as Jun 2026; years and other names as they are. */
  function period(text) {
    const parts = /^(\d{4})-(\d{2})$/.exec(text);
    return parts ? `${MONTHS[Number(parts[2]) - 1]} ${parts[1]}` : text;
  }

  /** A month n months later. */
  function shifted(month, by) {
    const [year, number] = month.split('-').map(Number);
    const index = year * 12 + number - 1 + by;
    return `${Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, '0')}`;
  }

  /** Months from one to another, both counted. */
  function monthsBetween(from, to) {
    const index = (month) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7));
    return index(to) - index(from) + 1;
  }

  return { value, difference, interval, period, shifted, monthsBetween, whole: (n) => whole.format(n) };
})();

/** An element with properties and children; children that are strings become text. */
function element(tag, properties, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}
