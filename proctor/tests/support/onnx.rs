//! A tiny model in ONNX, written by hand: it averages squares of a picture. It knows nobody; what it
//! finds alike is alike in its light, which is enough to try the way to and from a model.

/// The side of its input.
pub const SIDE: u64 = 112;

/// The side of a square that is averaged.
const SQUARE: u64 = 14;

/// A field of a message: its number and what it holds.
fn field(number: u64, bytes: &[u8]) -> Vec<u8> {
    [varint(number << 3 | 2), varint(bytes.len() as u64), bytes.to_vec()].concat()
}

fn number(number: u64, value: u64) -> Vec<u8> {
    [varint(number << 3), varint(value)].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 127 {
        bytes.push((value & 127) as u8 | 128);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A list of whole numbers as an attribute.
fn integers(name: &str, values: &[u64]) -> Vec<u8> {
    const INTS: u64 = 7;
    let values: Vec<u8> = values.iter().flat_map(|value| number(8, *value)).collect();
    field(5, &[field(1, name.as_bytes()), values, number(20, INTS)].concat())
}

fn node(operator: &str, input: &str, output: &str, attributes: &[u8]) -> Vec<u8> {
    let names = [field(1, input.as_bytes()), field(2, output.as_bytes())].concat();
    field(1, &[names, field(4, operator.as_bytes()), attributes.to_vec()].concat())
}

/// An input or an output of numbers, with its shape.
fn value(place: u64, name: &str, shape: &[u64]) -> Vec<u8> {
    const FLOAT: u64 = 1;
    let dims: Vec<u8> = shape.iter().flat_map(|length| field(1, &number(1, *length))).collect();
    let tensor = [number(1, FLOAT), field(2, &dims)].concat();
    field(place, &[field(1, name.as_bytes()), field(2, &field(1, &tensor))].concat())
}

/// The model.
pub fn tiny() -> Vec<u8> {
    let squares = integers("kernel_shape", &[SQUARE; 2]);
    let steps = integers("strides", &[SQUARE; 2]);
    let many = SIDE / SQUARE;
    let graph = [
        node("AveragePool", "face", "squares", &[squares, steps].concat()),
        node("Flatten", "squares", "numbers", &[]),
        field(2, b"tiny"),
        value(11, "face", &[1, 3, SIDE, SIDE]),
        value(12, "numbers", &[1, 3 * many * many]),
    ];
    const IR_VERSION: u64 = 8;
    const OPERATORS: u64 = 13;
    [number(1, IR_VERSION), field(7, &graph.concat()), field(8, &number(2, OPERATORS))].concat()
}
