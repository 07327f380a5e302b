/** Named templates, which take part in expressions by `include`: what takes a loop or a condition. */
export const NAMED = { spelled: 'linkerd-synth.spelled', joinEntries: 'linkerd-synth.join-entries' } as const;

/** `join` leaves out a nil and spells all kinds but floats, of which it would write a million as 1e+06. */
const SPELLED = [
  `{{- define "${NAMED.spelled}" -}}`,
  '{{- if kindIs "float64" . }}{{ toJson . }}{{ else }}{{ join "" (list .) }}{{ end }}',
  '{{- end }}',
];
const JOIN_ENTRIES = [
  `{{- define "${NAMED.joinEntries}" -}}`,
  '{{- range $key, $value := .map }}',
  `{{- $key }}{{ $.between }}{{ include "${NAMED.spelled}" $value }}{{ $.after }}`,
  '{{- end }}',
  '{{- end }}',
];

/** The text of templates/_synth.tpl, or undefined for templates that need none of these. */
export function printNamedTemplates(firstLine: string, templates: readonly string[]): string | undefined {
  const isUsed = (name: string): boolean => templates.some((text) => text.includes(name));
  const joins = isUsed(NAMED.joinEntries);
  if (!joins && !isUsed(NAMED.spelled)) return undefined;
  return [firstLine, ...SPELLED, ...(joins ? JOIN_ENTRIES : []), ''].join('\n');
}
