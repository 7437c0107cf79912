/** Numbers for people: short, and of steady width so that a column never jumps. */
import type { Text } from './text/en.ts';

export const DASH = '–';

/** Nats or another value of no unit: three significant places, no exponent between 0.001 and 10000. */
export function formatValue(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return DASH;
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 10000 || size < 0.001) return value.toExponential(1).replace('e+', 'e');
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 3 : 4);
}

/** 0 to 1 as a percentage with one decimal. */
export function formatShare(value: number | null | undefined): string {
  return value === null || value === undefined || !Number.isFinite(value)
    ? DASH
    : `${(value * 100).toFixed(1)} %`;
}

/** A difference relative to what it is measured against: a percentage while that can be told, else its size. */
export function formatRelative(value: number): string {
  return value === 0 || value >= 0.0005 ? formatShare(value) : value.toExponential(1);
}

export function formatLambda(value: number | null | undefined): string {
  return value === null || value === undefined || !Number.isFinite(value) ? DASH : value.toFixed(2);
}

/** Seconds as its two largest units: '42 s', '3 min 05 s', '2 h 07 min'. */
export function formatDuration(seconds: number | null | undefined, units: Text['units']): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return DASH;
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  if (whole < 60) return `${whole} ${units.seconds}`;
  if (whole < 3600) return `${Math.floor(whole / 60)} ${units.minutes} ${two(whole % 60)} ${units.seconds}`;
  const minutes = Math.round(whole / 60);
  if (minutes < 24 * 60)
    return `${Math.floor(minutes / 60)} ${units.hours} ${two(minutes % 60)} ${units.minutes}`;
  const hours = Math.round(whole / 3600);
  return `${Math.floor(hours / 24)} ${units.days} ${two(hours % 24)} ${units.hours}`;
}

/** A count with thin spaces between thousands: '1 234 567'. */
export function formatCount(value: number | null | undefined): string {
  if (value === null || value === undefined) return DASH;
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, '\u2009');
}

/** When something began: the time of day today, else the date too. */
export function formatTime(iso: string, language: string, now = new Date()): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return DASH;
  const today = date.toDateString() === now.toDateString();
  return new Intl.DateTimeFormat(language, {
    ...(today ? {} : { month: 'short', day: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  }).format(date);
}

/** A snapshot's id as a reader sees it: '12', or '12 ⊕' right after the merge. */
export function formatSnapshot(id: string): string {
  return id.endsWith('m') ? `${id.slice(0, -1)}\u2009⊕` : id;
}
