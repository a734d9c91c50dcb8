/** `spec.containers[postgres].image` → spec, containers, postgres, image. Names in brackets may hold dots. */
export function fieldSteps(field: string): readonly string[] {
  return [...field.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, bracketed, plain]) => bracketed ?? plain ?? '');
}
