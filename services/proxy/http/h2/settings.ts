import { H2_ERROR } from '../exchange.ts';
import type { H2Config } from './config.ts';
import { type Frame, MAX_FRAME_BYTES, MAX_WINDOW_BYTES } from './frame.ts';

/** Identifiers (RFC 9113 section 6.5.2). */
export const SETTING = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

/** What this side says of itself, in its first frame. */
export function listOwnSettings(config: H2Config, side: 'client' | 'server'): [number, number][] {
  const settings: [number, number][] = [
    [SETTING.initialWindowSize, config.streamWindowBytes],
    [SETTING.maxHeaderListSize, config.maxHeaderListBytes],
  ];
  if (config.maxFrameBytes > MAX_FRAME_BYTES) settings.push([SETTING.maxFrameSize, config.maxFrameBytes]);
  if (side === 'client') settings.unshift([SETTING.enablePush, 0]);
  else if (config.maxConcurrentStreams !== undefined) {
    settings.push([SETTING.maxConcurrentStreams, config.maxConcurrentStreams]);
  }
  return settings;
}

/** Whoever the peer's settings matter to. Returns an H2 error code, or noError. */
export interface SettingsTarget {
  applySetting(identifier: number, value: number): number;
}

/** Checks and applies a SETTINGS frame that is no acknowledgement; returns an H2 error code, or noError. */
export function applySettings(frame: Frame, target: SettingsTarget): number {
  const { bytes, start, end } = frame;
  if ((end - start) % 6 !== 0) return H2_ERROR.frameSizeError;
  for (let at = start; at < end; at += 6) {
    const identifier = bytes.readUInt16BE(at);
    const value = bytes.readUInt32BE(at + 2);
    const error = checkSetting(identifier, value) || target.applySetting(identifier, value);
    if (error !== H2_ERROR.noError) return error;
  }
  return H2_ERROR.noError;
}

function checkSetting(identifier: number, value: number): number {
  switch (identifier) {
    case SETTING.enablePush:
      return value <= 1 ? H2_ERROR.noError : H2_ERROR.protocolError;
    case SETTING.initialWindowSize:
      return value <= MAX_WINDOW_BYTES ? H2_ERROR.noError : H2_ERROR.flowControlError;
    case SETTING.maxFrameSize:
      return value >= MAX_FRAME_BYTES && value <= 0xffffff ? H2_ERROR.noError : H2_ERROR.protocolError;
    default:
      return H2_ERROR.noError;
  }
}
