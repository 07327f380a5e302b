import { describe, expect, it } from 'vitest';
import { and, choose, defaultTo, forEach, isSet, mapOf, refer, text, when, yamlText } from '#lib/expr';
import { decodeTree, encodeTree } from '../encode.ts';
import { OUTERMOST } from './scope.ts';
import { printEntries } from './tree.ts';

const name = refer<string>(['name'], { type: 'string' });
const flag = refer<boolean>(['flag'], { type: 'boolean' });
const other = refer<boolean>(['other'], { type: 'boolean' });
const count = refer<number>(['count'], { type: 'integer' });
const any = refer<unknown>(['any'], { type: 'any' });
const map = refer<Readonly<Record<string, string>>>(['map'], { type: 'map', itemType: 'string' });
const list = refer<readonly string[]>(['list'], { type: 'list', itemType: 'string' });

function print(tree: object): string {
  const part = decodeTree(encodeTree(tree));
  return part.is === 'map' ? printEntries(part.entries, { indent: '', scope: OUTERMOST }).join('\n') : '';
}

/** A golden, without the indentation it has here. */
function golden([text = '']: readonly string[]): string {
  const lines = text.split('\n').slice(1, -1);
  const indent = Math.min(...lines.filter((line) => line !== '').map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(indent)).join('\n');
}

describe('values in a tree', () => {
  it('are printed by their type', () => {
    const tree = { name, count, flag, any, map, list, dict: mapOf({ a: name }), none: null };
    expect(print(tree)).toBe(golden`
      name: {{ .Values.name | quote }}
      count: {{ .Values.count | int64 }}
      flag: {{ .Values.flag }}
      any: {{ .Values.any | toJson }}
      map: {{- toYaml .Values.map | nindent 2 }}
      list: {{- toYaml .Values.list | nindent 2 }}
      dict: {{- dict "a" .Values.name | toYaml | nindent 2 }}
      none: null
    `);
  });

  it('that are known are YAML, and nothing to Helm', () => {
    const tree = {
      a: 'yes',
      b: 1,
      c: 0.5,
      d: false,
      e: [],
      f: {},
      g: 'x {{ y }}',
      'h{{': 'a\nb\n',
      $i: '$(VAR)',
    };
    expect(print(tree)).toBe(golden`
      a: "yes"
      b: 1
      c: 0.5
      d: false
      e: []
      f: {}
      g: {{ "x {{ y }}" | quote }}
      {{ "h{{" | quote }}: |
        a
        b
      "$i": "$(VAR)"
    `);
  });

  it('of YAML text are printed as blocks', () => {
    expect(print({ data: { values: yamlText(map) } })).toBe(golden`
      data:
        values: |
          {{- toYaml .Values.map | nindent 4 }}
    `);
  });
});

describe('a condition', () => {
  it('on a key takes the key with it', () => {
    const tree = {
      a: 1,
      b: when(flag, 'x', 'y'),
      c: when(flag, undefined, 'z'),
      d: when(other, { e: name }),
    };
    expect(print(tree)).toBe(golden`
      a: 1
      {{- if .Values.flag }}
      b: x
      {{- else }}
      b: "y"
      {{- end }}
      {{- if not .Values.flag }}
      c: z
      {{- end }}
      {{- if .Values.other }}
      d:
        e: {{ .Values.name | quote }}
      {{- end }}
    `);
  });

  it('is asked once for neighbours, and not again within', () => {
    const tree = { a: when(flag, 1), b: when(flag, { c: when(flag, 2), d: when(and(other, flag), 3) }) };
    expect(print(tree)).toBe(golden`
      {{- if .Values.flag }}
      a: 1
      b:
        c: 2
        {{- if and .Values.other .Values.flag }}
        d: 3
        {{- end }}
      {{- end }}
    `);
  });

  it('that a value is there spares its fallback', () => {
    const value = defaultTo(list, []);
    expect(print({ a: when(isSet(value), value) })).toBe(golden`
      {{- if .Values.list }}
      a: {{- toYaml .Values.list | nindent 2 }}
      {{- end }}
    `);
  });

  it('on all that a map or list holds leaves it empty, not null', () => {
    expect(print({ map: { a: when(flag, 1) }, list: [when(flag, 1), when(other, [2, 3])] })).toBe(golden`
      {{- if .Values.flag }}
      map:
        a: 1
      {{- else }}
      map: {}
      {{- end }}
      {{- if or .Values.flag .Values.other }}
      list:
      {{- if .Values.flag }}
      - 1
      {{- end }}
      {{- if .Values.other }}
      - 2
      - 3
      {{- end }}
      {{- else }}
      list: []
      {{- end }}
    `);
  });
});

describe('an item of a list', () => {
  it('begins with its name, or with what is always there', () => {
    const tree = { list: [{ image: 'i', name: 'me' }, { a: when(flag, 1), b: [2] }, { c: when(flag, 3) }] };
    expect(print(tree)).toBe(golden`
      list:
      - name: me
        image: i
      - b:
        - 2
        {{- if .Values.flag }}
        a: 1
        {{- end }}
      {{- if .Values.flag }}
      -
        c: 3
      {{- else }}
      - {}
      {{- end }}
    `);
  });

  it('may be a list, which is spread, or an expression', () => {
    expect(print({ list: ['a', ['b', [name]], choose(flag, 'x', 'z')] })).toBe(golden`
      list:
      - a
      - b
      - {{ .Values.name | quote }}
      - {{ ternary "x" "z" .Values.flag | quote }}
    `);
  });
});

describe('a loop', () => {
  it('over a list or map prints its body once', () => {
    const tree = {
      list: ['first', forEach(list, (item) => text`${item}/${name}`)],
      env: forEach(map, (value, key) => [{ name: key, value }, when(flag, 'more')]),
    };
    expect(print(tree)).toBe(golden`
      list:
      - first
      {{- range $key, $item := .Values.list }}
      - {{ printf "%s/%s" $item $.Values.name | quote }}
      {{- end }}
      {{- if .Values.map }}
      env:
      {{- range $key, $item := .Values.map }}
      - name: {{ $key | quote }}
        value: {{ $item | quote }}
      {{- if $.Values.flag }}
      - more
      {{- end }}
      {{- end }}
      {{- else }}
      env: []
      {{- end }}
    `);
  });

  it('within another has variables of its own', () => {
    const outer = refer<Readonly<Record<string, readonly string[]>>>(['outer'], {
      type: 'map',
      itemType: 'list',
    });
    const tree = {
      list: ['x', forEach(outer, (inner, key) => forEach(inner, (item) => text`${key}${item}`))],
    };
    expect(print(tree)).toContain('{{- range $key2, $item2 := $item }}');
  });

  it('that may find nothing at all needs something beside it', () => {
    const tree = { list: [forEach(list, (item) => when(flag, item))] };
    expect(() => print(tree)).toThrow('list: holds only what loops and conditions in them find');
  });
});
