// The drawn figures: held compressed, unpacked when they come near, all of them before printing.
const figures = (() => {
  const waiting = new Map();

  /** Bytes of a block of the page that is gzip in base64. */
  async function unpack(id) {
    const text = document.getElementById(id).textContent;
    const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Response(stream).arrayBuffer();
  }

  async function show(image) {
    if (!waiting.has(image)) return;
    const id = waiting.get(image);
    waiting.delete(image);
    const bytes = await unpack(id);
    image.src = URL.createObjectURL(new Blob([bytes], { type: 'image/svg+xml' }));
    await image.decode().catch(() => {}); // one that cannot be drawn keeps its words
  }

  /** All of them, for print. */
  async function all() {
    for (const image of [...waiting.keys()]) await show(image);
  }

  function start() {
    const observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) { observer.unobserve(target); show(target); }
      }
    }, { rootMargin: '600px' });
    for (const image of document.querySelectorAll('figure.static img')) {
      waiting.set(image, image.dataset.packed);
      observer.observe(image);
    }
  }

  return { start, all, unpack };
})();
