/** Attributes of TensorFlow's ops. */

/** The addon's constants. */
export type Constants = Readonly<Record<`TF_${string}`, number>>;

/** As the addon takes it. */
export interface OpAttribute {
  name: string;
  /** One of the binding's TF_ATTR_ constants. */
  type: number;
  value: unknown;
  /** Whether it is the slope of an annealed activation, which a trace sets anew in each run. */
  slope?: boolean;
}

type Dtype = 'float32' | 'float64' | 'int32' | 'bool';

/** Attributes by name; a number stands for a float, a list of numbers for whole ones, `slopeAt` for 1 - λ. `T` is
 * float32 where it is not given. */
export type Attributes = Readonly<
  Record<
    string,
    | number
    | boolean
    | string
    | readonly number[]
    | { dtype: Dtype }
    | { shape: readonly number[] }
    | { int: number }
    | { slopeAt: number }
  >
>;

export const INT32 = { dtype: 'int32' } as const;
export const FLOAT32 = { dtype: 'float32' } as const;
/** Of an op that has a type alone. */
export const FLOATS: Attributes = { T: FLOAT32 };

const DTYPES = { float32: 'TF_FLOAT', int32: 'TF_INT32', bool: 'TF_BOOL' } as const;
/** TF_DOUBLE of TensorFlow's tf_datatype.h; the addon does not name it. */
const DOUBLE = 2;

function attribute(constants: Constants, name: string, value: Attributes[string]): OpAttribute {
  switch (typeof value) {
    case 'number':
      return { name, type: constants.TF_ATTR_FLOAT!, value };
    case 'boolean':
      return { name, type: constants.TF_ATTR_BOOL!, value };
    case 'string':
      return { name, type: constants.TF_ATTR_STRING!, value };
  }
  if ('dtype' in value) {
    const { dtype } = value;
    const type = dtype === 'float64' ? DOUBLE : constants[DTYPES[dtype]]!;
    return { name, type: constants.TF_ATTR_TYPE!, value: type };
  }
  if ('slopeAt' in value)
    return { name, type: constants.TF_ATTR_FLOAT!, value: 1 - value.slopeAt, slope: true };
  if ('shape' in value) return { name, type: constants.TF_ATTR_SHAPE!, value: value.shape };
  return { name, type: constants.TF_ATTR_INT!, value: 'int' in value ? value.int : value };
}

/** Attributes as the addon takes them, and the same with the word that nobody waits for the outputs' shapes. */
interface Described {
  plain: OpAttribute[];
  ahead: OpAttribute[];
}

const described = new WeakMap<Attributes, Described>();

/** Kept by identity: attributes that never change are constants of their module. */
export function describe(constants: Constants, attributes: Attributes): Described {
  let both = described.get(attributes);
  if (!both) {
    const plain = Object.entries(attributes).map(([name, value]) => attribute(constants, name, value));
    both = { plain, ahead: [...plain, attribute(constants, '_ahead', true)] };
    described.set(attributes, both);
  }
  return both;
}
