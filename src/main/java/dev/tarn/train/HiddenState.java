package dev.tarn.train;

import dev.tarn.backend.Backend;
import dev.tarn.backend.Tensor;
import dev.tarn.model.LmWorkspace;
import java.util.ArrayList;
import java.util.List;

/**
 * A copy of the state that is carried from window to window, with all the digits that the device keeps.
 *
 * @param values h and c of layer 0, of layer 1, and so on, each [B,H] flattened
 */
record HiddenState(List<double[]> values) {

    static HiddenState take(Backend backend, LmWorkspace workspace, int layers) {
        List<double[]> values = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            values.add(download(backend, workspace.hidden(layer)));
            values.add(download(backend, workspace.cell(layer)));
        }
        return new HiddenState(values);
    }

    private static double[] download(Backend backend, Tensor tensor) {
        double[] values = new double[Math.toIntExact(tensor.size())];
        backend.download(tensor, values);
        return values;
    }

    void put(Backend backend, LmWorkspace workspace) {
        for (int layer = 0; layer < values.size() / 2; layer++) {
            backend.upload(values.get(2 * layer), workspace.hidden(layer));
            backend.upload(values.get(2 * layer + 1), workspace.cell(layer));
        }
    }
}
