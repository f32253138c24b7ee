/** @throws when the page lacks it: then page and code are not of one version */
export function element<T extends Element = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as unknown as T;
}

export function say(id: string, text: string): void {
  element(id).textContent = text;
}
