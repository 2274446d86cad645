// What the browser keeps for the page; one that forbids that forgets it, and the page works.

// Return a place where texts are kept by names: sessionStorage or localStorage.
export function placeOf(name) {
  const act = (work) => {
    try {
      return work(window[name]);
    } catch {
      return null; // it is forbidden, or full
    }
  };
  return {
    get: (key) => act((place) => place.getItem(key)),
    set: (key, text) => act((place) => place.setItem(key, text)),
    remove: (key) => act((place) => place.removeItem(key)),
  };
}
