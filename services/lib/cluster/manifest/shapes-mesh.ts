import { boolean, expecting, integer, isRecord, listOf, oneOf, record, type Shape, text } from './shape.ts';
import { labelSelector, port } from './shapes-core.ts';

/** The types of the fields of Linkerd's own kinds. Source: facts sheet crds. */
const number = expecting('a number', (value) => typeof value === 'number');
const textOrNumber = expecting('a string or a number', (value) =>
  ['string', 'number'].includes(typeof value),
);
const portOrName = expecting(
  'a number between 1 and 65535 or the name of a port',
  (value) => (typeof value === 'string' && value !== '') || (Number(value) >= 1 && Number(value) <= 65_535),
);

export const server: Shape = record(
  {
    spec: (value, at, report) => {
      record({ podSelector: labelSelector, externalWorkloadSelector: labelSelector, port: portOrName }, [
        'port',
      ])(value, at, report);
      record({
        proxyProtocol: oneOf('unknown', 'HTTP/1', 'HTTP/2', 'gRPC', 'opaque', 'TLS'),
        accessPolicy: text,
      })(value, at, report);
      if (!isRecord(value)) return;
      const selectors = [value['podSelector'], value['externalWorkloadSelector']];
      if (selectors.filter((selector) => selector !== undefined).length !== 1) {
        report(at, 'exactly one of podSelector and externalWorkloadSelector must be set');
      }
    },
  },
  ['spec'],
);

const seconds = integer(0, 0xffff_ffff);
const status = integer(0, 599);

/** Conditions hold conditions: the shape refers to itself. */
const requestCondition: Shape = (value, at, report) =>
  record({
    all: listOf(requestCondition),
    any: listOf(requestCondition),
    not: (inner, place, tell) =>
      Array.isArray(inner)
        ? listOf(requestCondition)(inner, place, tell)
        : requestCondition(inner, place, tell),
    method: text,
    pathRegex: text,
  })(value, at, report);

const responseCondition: Shape = (value, at, report) =>
  record({
    all: listOf(responseCondition),
    any: listOf(responseCondition),
    not: responseCondition,
    status: record({ min: status, max: status }),
  })(value, at, report);

export const serviceProfile = record({
  spec: record({
    routes: listOf(
      record(
        {
          name: text,
          condition: requestCondition,
          responseClasses: listOf(
            record({ condition: responseCondition, isFailure: boolean }, ['condition']),
          ),
          isRetryable: boolean,
          timeout: text,
        },
        ['name', 'condition'],
      ),
    ),
    retryBudget: record({ retryRatio: number, minRetriesPerSecond: seconds, ttl: text }, [
      'retryRatio',
      'minRetriesPerSecond',
      'ttl',
    ]),
    dstOverrides: listOf(record({ authority: text, weight: textOrNumber })),
    opaquePorts: listOf(text),
  }),
});

export const externalWorkload = record(
  {
    spec: record(
      {
        meshTLS: record({ identity: text, serverName: text }, ['identity', 'serverName']),
        ports: listOf(record({ name: text, port, protocol: text }, ['port'])),
        workloadIPs: listOf(record({ ip: text })),
      },
      ['meshTLS'],
    ),
    status: record({
      conditions: listOf(
        record({ type: text, status: oneOf('True', 'False', 'Unknown') }, ['type', 'status']),
      ),
    }),
  },
  ['spec'],
);
