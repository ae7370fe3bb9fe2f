package dev.tarn.backend.cuda;

import dev.tarn.backend.Backend;
import dev.tarn.backend.BackendOptions;
import dev.tarn.backend.Devices;
import dev.tarn.backend.LstmPath;
import dev.tarn.backend.Precision;
import dev.tarn.model.AwdLstmConfig;
import java.util.EnumMap;
import java.util.Map;

/**
 * A program that submits training steps of fastai's model and prints what the last of them made the software device do: a
 * name and a number a line.
 */
final class CountedSteps {

    static final AwdLstmConfig MODEL = AwdLstmConfig.defaults(60_000);
    static final int BATCH = 64;
    static final int STEPS = 70;

    private CountedSteps() {}

    /** @param args how many steps */
    public static void main(String[] args) {
        try (Backend backend = Devices.open("cuda:0", new BackendOptions(Precision.F32, LstmPath.CUDNN));
                FullSteps steps = new FullSteps(backend, MODEL, BATCH, STEPS)) {
            Map<DeviceCounter, Long> before = new EnumMap<>(DeviceCounter.class);
            for (int count = Integer.parseInt(args[0]); count > 0; count--) {
                for (DeviceCounter counter : DeviceCounter.values()) {
                    before.put(counter, counter.value());
                }
                steps.submit();
            }
            before.forEach((counter, value) -> System.out.println(counter + " " + (counter.value() - value)));
        }
    }
}
