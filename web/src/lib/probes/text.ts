import type { Scene } from '../run/scene.svelte.ts';
import { said } from '../text/said.ts';
import { ownIndex } from './own.ts';

/** Every text about images that a user brings to a run. */
export const probesEnglish = {
  add: 'Your image',
  addHint: 'Pick, drop or paste a JPEG, PNG or WebP: it becomes one more probe of this run',
  own: (name: string): string => `Your image: ${name}`,
  seen: (size: number): string => `${size} × ${size}, as the network sees it`,
  remove: 'Remove',
  removeLabel: (name: string): string => `Remove your image ${name}`,
  removeHint: 'Remove it and its maps',
  sending: (name: string): string => `Sending ${name}`,
  computing: 'Computing the maps of your image…',
  drop: 'Drop to see it through the network',
  dropHint: 'JPEG, PNG or WebP, up to 10 MB; the middle square is used',
  wrongType: (name: string): string => `${name} is no image that can be read: JPEG, PNG and WebP can.`,
  tooLarge: (name: string, megabytes: string): string =>
    `${name} has ${megabytes} MB; up to 10 MB can be sent.`,
  failed: (name: string, why: string): string => `${name}: ${why}`,
  dismiss: 'Dismiss',
  camera: 'Camera',
  cameraTitle: 'Camera frames',
  cameraHint: 'The square goes to the network; nothing is sent before you take it.',
  cameraStarting: 'Waiting for the camera…',
  cameraRefused:
    'The browser does not let this page use the camera. Allow it beside the address, then open this again.',
  cameraNone: 'No camera was found.',
  cameraFailed: (why: string): string => `The camera can’t be used: ${why}`,
  cameraName: (time: string): string => `Camera ${time}`,
  take: 'Take',
  every: 'Take every second',
  everyHint: 'Each frame takes the place of the one before',
  close: 'Close',
};
export type ProbesText = typeof probesEnglish;

export const probesChinese: ProbesText = {
  add: '您的图片',
  addHint: '选择、拖入或粘贴 JPEG、PNG 或 WebP 图片：它会成为此次训练的又一个探针',
  own: (name) => `您的图片：${name}`,
  seen: (size) => `${size} × ${size}，即网络所见`,
  remove: '移除',
  removeLabel: (name) => `移除您的图片 ${name}`,
  removeHint: '移除图片及其特征图',
  sending: (name) => `正在发送 ${name}`,
  computing: '正在计算您的图片的特征图…',
  drop: '松开即可用网络查看这张图片',
  dropHint: 'JPEG、PNG 或 WebP，不超过 10 MB；取中央的正方形',
  wrongType: (name) => `${name} 不是可读取的图片：可用 JPEG、PNG 和 WebP。`,
  tooLarge: (name, megabytes) => `${name} 有 ${megabytes} MB；最多可发送 10 MB。`,
  failed: (name, why) => `${name}：${why}`,
  dismiss: '知道了',
  camera: '摄像头',
  cameraTitle: '摄像头画面',
  cameraHint: '方框内的画面会送入网络；拍摄之前不会发送任何内容。',
  cameraStarting: '正在等待摄像头…',
  cameraRefused: '浏览器不允许此页面使用摄像头。请在地址栏旁允许，然后重新打开。',
  cameraNone: '没有找到摄像头。',
  cameraFailed: (why) => `无法使用摄像头：${why}`,
  cameraName: (time) => `摄像头 ${time}`,
  take: '拍摄',
  every: '每秒拍摄',
  everyHint: '每一帧都会取代前一帧',
  close: '关闭',
};

/** What is said where maps have not come yet: those of an own image may have to be computed first. */
export function waitingText(scene: Pick<Scene, 'app' | 'detail' | 'probe'>): string {
  const { language, text } = scene.app.settings;
  if (ownIndex(scene) === undefined) return text.maps.loading;
  return (language === 'zh' ? probesChinese : probesEnglish).computing;
}

/** What is said where maps can't be shown. */
export function failedText({ app }: Pick<Scene, 'app'>, error: Error): string {
  const { language, text } = app.settings;
  return text.maps.failed(said(error.message, language).text);
}

/** What is said where a slot has no maps: why they can't be shown, that they are to come, or that there are none. */
export function emptyText(
  scene: Pick<Scene, 'app' | 'detail' | 'probe'>,
  { error, loading }: { error: Error | null; loading: boolean },
): string {
  if (error) return failedText(scene, error);
  return loading ? waitingText(scene) : scene.app.settings.text.maps.noFrame;
}
