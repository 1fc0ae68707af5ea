"""blazeface_short_f16.onnx -> blazeface_short_f16.bin: weights and bias of each convolution, in the order
of the graph and as ONNX has them (output, input, row, column), 16-bit floats, little endian."""
import sys

import numpy
import onnx
from onnx import numpy_helper

source, target = sys.argv[1:]
graph = onnx.load(source).graph
constants = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
casts = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Cast"}
with open(target, "wb") as file:
    for node in graph.node:
        if node.op_type == "Conv":
            for name in node.input[1:]:
                array = constants[casts.get(name, name)]
                assert array.dtype == numpy.float16 or (array == array.astype(numpy.float16)).all()
                file.write(array.astype("<f2").tobytes())
