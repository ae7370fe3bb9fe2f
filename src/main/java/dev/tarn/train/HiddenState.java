package dev.tarn.train;

import dev.tarn.backend.Backend;
import dev.tarn.backend.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * A copy of the state that is carried from window to window, with all the digits that the device keeps.
 *
 * @param values as {@link Task#state()}, each flattened
 */
record HiddenState(List<double[]> values) {

    static HiddenState take(Backend backend, Task task) {
        List<double[]> values = new ArrayList<>();
        for (Tensor tensor : task.state()) {
            double[] copy = new double[Math.toIntExact(tensor.size())];
            backend.download(tensor, copy);
            values.add(copy);
        }
        return new HiddenState(values);
    }

    void put(Backend backend, Task task) {
        List<Tensor> state = task.state();
        for (int i = 0; i < state.size(); i++) {
            backend.upload(values.get(i), state.get(i));
        }
    }
}
