/** What the apiserver fills in where nobody says it: an image that can change under its name is pulled each time. */
export function pullPolicy(image: string): 'Always' | 'IfNotPresent' {
  // After the last slash: a colon before it belongs to the registry's port.
  const name = image.slice(image.lastIndexOf('/') + 1);
  if (name.includes('@')) return 'IfNotPresent';
  return !name.includes(':') || name.endsWith(':latest') ? 'Always' : 'IfNotPresent';
}
