import { optionName, optionsOf, type OptionChecker } from '../core/base/options.js';
import { durationOf, type Duration } from './duration.js';

/** Takes backends out of the rotation that fail more calls than others (gRFC A50); names and defaults are A50's. */
export interface OutlierDetectionOptions {
  /**
   * How often backends are compared, in milliseconds.
   *
   * @default 10_000
   */
  readonly intervalMs?: number;
  /**
   * How long a backend stays out for its first offence, in milliseconds; each further one adds as much.
   *
   * @default 30_000
   */
  readonly baseEjectionTimeMs?: number;
  /**
   * The longest that a backend stays out, in milliseconds.
   *
   * @default 300_000
   */
  readonly maxEjectionTimeMs?: number;
  /**
   * No more is taken out once this share of the backends is out, in per cent; the first always may.
   *
   * @default 10
   */
  readonly maxEjectionPercent?: number;
  /** Takes out whose success rate lies far below the others'; off when absent. `{}` turns it on with the defaults. */
  readonly successRateEjection?: SuccessRateEjection;
  /** Takes out who fails more than a share of its calls; off when absent. `{}` turns it on with the defaults. */
  readonly failurePercentageEjection?: FailurePercentageEjection;
}

/** Who may be ejected at all. */
export interface EjectionVolume {
  /**
   * How likely an outlier really is taken out, in per cent.
   *
   * @default 100
   */
  readonly enforcementPercentage?: number;
  /**
   * How many backends must have had enough calls.
   *
   * @default 5
   */
  readonly minimumHosts?: number;
  /**
   * How many calls in an interval are enough to judge a backend.
   *
   * @default 100 for the success rate, 50 for the failure percentage
   */
  readonly requestVolume?: number;
}

/** Ejects by the distance from the others' success rate (gRFC A50). */
export interface SuccessRateEjection extends EjectionVolume {
  /**
   * How many thousandths of a standard deviation below the mean make an outlier.
   *
   * @default 1900
   */
  readonly stdevFactor?: number;
}

/** Ejects by the share of failed calls (gRFC A50). */
export interface FailurePercentageEjection extends EjectionVolume {
  /**
   * Which share of failed calls makes an outlier, in per cent.
   *
   * @default 85
   */
  readonly threshold?: number;
}

/** The policy's configuration as grpc-js reads it: snake case, and durations as objects, unlike everything else. */
export interface OutlierDetectionConfig {
  readonly interval?: Duration;
  readonly base_ejection_time?: Duration;
  readonly max_ejection_time?: Duration;
  readonly max_ejection_percent?: number;
  readonly success_rate_ejection?: object;
  readonly failure_percentage_ejection?: object;
}

/** @throws TypeError naming the option that is wrong. */
export function outlierDetectionConfig(place: string, options: OutlierDetectionOptions): OutlierDetectionConfig {
  const check = optionsOf(place, options, [
    'intervalMs',
    'baseEjectionTimeMs',
    'maxEjectionTimeMs',
    'maxEjectionPercent',
    'successRateEjection',
    'failurePercentageEjection',
  ]);
  const { successRateEjection, failurePercentageEjection } = options;
  if (successRateEjection === undefined && failurePercentageEjection === undefined) {
    throw check.error(
      'successRateEjection',
      'given, or failurePercentageEjection, since neither ejects nothing',
      options,
    );
  }
  const duration = (name: 'intervalMs' | 'baseEjectionTimeMs' | 'maxEjectionTimeMs') =>
    options[name] === undefined ? undefined : durationOf(check.milliseconds(name, { min: 1 }));
  return {
    interval: duration('intervalMs'),
    base_ejection_time: duration('baseEjectionTimeMs'),
    max_ejection_time: duration('maxEjectionTimeMs'),
    max_ejection_percent: percent(check, 'maxEjectionPercent', options.maxEjectionPercent),
    success_rate_ejection: successRate(optionName(place, 'successRateEjection'), successRateEjection),
    failure_percentage_ejection: failurePercentage(
      optionName(place, 'failurePercentageEjection'),
      failurePercentageEjection,
    ),
  };
}

function successRate(place: string, options: SuccessRateEjection | undefined): object | undefined {
  if (options === undefined) return undefined;
  const check = optionsOf(place, options, ['stdevFactor', ...volumeNames]);
  return { stdev_factor: count(check, 'stdevFactor', options.stdevFactor), ...volume(check, options) };
}

function failurePercentage(place: string, options: FailurePercentageEjection | undefined): object | undefined {
  if (options === undefined) return undefined;
  const check = optionsOf(place, options, ['threshold', ...volumeNames]);
  return { threshold: percent(check, 'threshold', options.threshold), ...volume(check, options) };
}

const volumeNames = ['enforcementPercentage', 'minimumHosts', 'requestVolume'] as const;

function volume(check: OptionChecker<EjectionVolume>, options: EjectionVolume): object {
  return {
    enforcement_percentage: percent(check, 'enforcementPercentage', options.enforcementPercentage),
    minimum_hosts: count(check, 'minimumHosts', options.minimumHosts),
    request_volume: count(check, 'requestVolume', options.requestVolume),
  };
}

// What is not given is left to grpc-js, whose defaults are A50's.

function percent<T extends object>(
  check: OptionChecker<T>,
  name: keyof T & string,
  value: unknown,
): number | undefined {
  return value === undefined ? undefined : check.number(name, { min: 0, max: 100 });
}

function count<T extends object>(check: OptionChecker<T>, name: keyof T & string, value: unknown): number | undefined {
  return value === undefined ? undefined : check.number(name, { min: 0, integer: true });
}
