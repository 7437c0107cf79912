import type { ColourMapId, Scale } from '../../../../shared/colour.ts';
import type { Frame } from '../../../../shared/frame.ts';
import type { FigureCaption } from '../maps/caption.ts';
import type { Recording } from '../painting/tapValues.ts';

/** One of the two that are compared. */
export interface Side {
  /** Where the recording comes from, to say why there is none. */
  frame: Frame | null;
  recording: Recording | null;
  caption: FigureCaption;
  /** Said where there is no frame. */
  placeholder?: string;
}

/** A column of maps: A, B, or their difference. */
export interface Column {
  name: string;
  frame: Frame | null;
  recording: Recording | null;
  scale: Scale | null;
  colourMap: ColourMapId;
  placeholder?: string | undefined;
  /** Epoch and λ, said beside the name. */
  moment: string;
}
