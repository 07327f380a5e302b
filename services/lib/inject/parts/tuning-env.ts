import { forEach, type ListPart, text, upperSnake, type Value } from '#lib/expr';
import type { EnvVar } from '#lib/resources';
import { ENV_PREFIX } from '../../../proxy/contract.ts';
import type { TuningValues } from '../values.ts';

/** One variable for each parameter, keys in order of the alphabet. Source: facts sheet injection, section 4. */
export function buildTuningEnv(
  direction: 'INBOUND' | 'OUTBOUND',
  tuning: Value<TuningValues>,
): ListPart<EnvVar> {
  return forEach(
    tuning,
    (protocols, scope) =>
      forEach(
        protocols,
        (parameters, protocol) =>
          forEach(parameters, (value, parameter) => {
            const path = text`${upperSnake(scope)}_${upperSnake(protocol)}_${upperSnake(parameter)}`;
            return { name: text`${ENV_PREFIX + direction}_${path}`, value: text`${value}` };
          }),
        'map',
      ),
    'map',
  );
}
