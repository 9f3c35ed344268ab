// 95 % intervals as the marts have them (macros/statistics/intervals.sql); null where there is none.
const statistics = (() => {
  const Z = 1.959963984540054;
  const Z_FUNNEL = 3.090232306167813; // 99.8 %: many units are compared at once
  // Student's t for 1 to 30 degrees of freedom; above that the Cornish-Fisher expansion.
  const T = [
    12.706204736174694, 4.302652729749462, 3.1824463052837078, 2.7764451051977934,
    2.5705818356363146, 2.4469118511449786, 2.364624251592784, 2.306004135204166,
    2.262157162798205, 2.228138851986274, 2.200985160091639, 2.1788128296672284,
    2.1603686564627913, 2.144786687917804, 2.131449545559776, 2.1199052992212546,
    2.1098155778333156, 2.1009220402410382, 2.0930240544083087, 2.085963447265864,
    2.0796138447276795, 2.0738730679040254, 2.0686576104190486, 2.0638985616280245,
    2.0595385527532972, 2.0555294386428735, 2.0518305164802846, 2.0484071417952454,
    2.045229642132703, 2.0422724563012378,
  ];
  const TERMS = [
    (Z ** 3 + Z) / 4,
    (5 * Z ** 5 + 16 * Z ** 3 + 3 * Z) / 96,
    (3 * Z ** 7 + 19 * Z ** 5 + 17 * Z ** 3 - 15 * Z) / 384,
    (79 * Z ** 9 + 776 * Z ** 7 + 1482 * Z ** 5 - 1920 * Z ** 3 - 945 * Z) / 92160,
    (27 * Z ** 11 + 339 * Z ** 9 + 930 * Z ** 7 - 1782 * Z ** 5 - 765 * Z ** 3 + 17955 * Z) / 368640,
  ];

  // Between 1 and 30 where the degrees of freedom are no whole number (Welch): the logarithm of t,
  // a polynomial in 1/df stretched to -1 .. 1.
  const BETWEEN = [
    1.1039069497645e-6, -3.4909296775422e-6, 1.3664091907389e-6, 1.227068942558e-5,
    -2.967948177011e-5, 1.2618247310618e-6, 1.4637712483572e-4, -2.4903425247813e-4,
    -5.5496183909788e-4, 3.0574063516428e-3, -2.4255480189641e-3, -2.4868737313794e-2,
    1.3959531742031e-1, 9.360639731352e-1, 1.4913428110402e0,
  ];

  const clamp = (value) => Math.max(0, Math.min(1, value));

  /** Student's t that leaves 2.5 % above it. */
  function tCritical(df) {
    if (df < 1) return null;
    if (df <= T.length && Number.isInteger(df)) return T[df - 1];
    if (df < T.length) {
      const stretched = (60 / df - 31) / 29;
      return Math.exp(BETWEEN.reduce((sum, coefficient) => sum * stretched + coefficient));
    }
    return TERMS.reduce((sum, term, i) => sum + term / df ** (i + 1), Z);
  }

  /** Wilson's interval of x of n. */
  function wilson(x, n) {
    if (!(n > 0)) return [null, null];
    const middle = 2 * x + Z * Z;
    const width = Z * Math.sqrt(Z * Z + 4 * x * Math.max(1 - x / n, 0));
    const bound = (sign) => clamp((middle + sign * width) / (2 * (n + Z * Z)));
    return [bound(-1), bound(1)];
  }

  /** The range of a mean of n values whose sum and sum of squares are known. */
  function meanInterval(sum, squares, n) {
    if (!(n > 1)) return [null, null];
    const mean = sum / n;
    const sd = Math.sqrt(Math.max(squares - n * mean * mean, 0) / (n - 1));
    const half = tCritical(n - 1) * sd / Math.sqrt(n);
    return [mean - half, mean + half];
  }

  /** Newcombe's interval of the difference of two independent rates. */
  function rateDifference(a, b) {
    const [p, q] = [a.num / a.den, b.num / b.den];
    const [pl, ph] = wilson(a.num, a.den);
    const [ql, qh] = wilson(b.num, b.den);
    if (pl === null || ql === null) return null;
    const d = p - q;
    return {
      value: d,
      low: d - Math.sqrt((p - pl) ** 2 + (qh - q) ** 2),
      high: d + Math.sqrt((ph - p) ** 2 + (q - ql) ** 2),
    };
  }

  /** Welch's interval of the difference of two means. */
  function meanDifference(a, b) {
    if (!(a.n > 1 && b.n > 1)) return null;
    const variance = (s) => Math.max(s.squares - s.sum * s.sum / s.n, 0) / (s.n - 1) / s.n;
    const [va, vb] = [variance(a), variance(b)];
    const d = a.sum / a.n - b.sum / b.n;
    if (va + vb === 0) return { value: d, low: d, high: d };
    const df = (va + vb) ** 2 / (va ** 2 / (a.n - 1) + vb ** 2 / (b.n - 1));
    const half = tCritical(Math.max(df, 1)) * Math.sqrt(va + vb);
    return { value: d, low: d - half, high: d + half };
  }

  /** The counts that chance alone allows around an expected count, on the square-root scale. */
  function chanceRange(expected, z = Z) {
    const bound = (sign) => Math.max(Math.sqrt(expected) + sign * z / 2, 0) ** 2;
    return [bound(-1), bound(1)];
  }

  return { wilson, meanInterval, rateDifference, meanDifference, chanceRange, tCritical, Z_FUNNEL };
})();
