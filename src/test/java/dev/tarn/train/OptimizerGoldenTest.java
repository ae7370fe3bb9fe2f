package dev.tarn.train;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Segment;
import dev.tarn.backend.Tensor;
import dev.tarn.testkit.Golden;
import dev.tarn.testkit.GoldenCase;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** Twenty recorded steps of fastai's optimizer wrapper with given gradients, on a small flat store. */
class OptimizerGoldenTest {

    @TestFactory
    Stream<DynamicTest> everyStepAndTheMomentsAreThoseOfFastai() {
        return Golden.cases("04-optimizer").stream()
                .flatMap(golden -> Backends.names().stream()
                        .map(name -> DynamicTest.dynamicTest(golden + " on " + name, () -> replay(golden, name))));
    }

    /**
     * What trains together. A parameter that has no gradient in some steps is not updated in them and counts its own
     * steps, so it gets an optimizer of its own.
     */
    private record Part(String name, long offset, int size, Optimizer optimizer, JsonNode without) {

        boolean hasGradient(int step) {
            return without.valueStream().noneMatch(none -> none.asInt() == step);
        }

        Segment segment(int group) {
            return new Segment(offset, size, group);
        }
    }

    private static void replay(GoldenCase golden, String device) {
        JsonNode config = golden.config();
        int groups = config.path("wd").size();
        try (Backend backend = Backends.open(device);
                Arena arena = backend.arena("test")) {
            Map<String, Integer> sizes = new LinkedHashMap<>();
            config.path("group_of")
                    .propertyStream()
                    .forEach(entry -> sizes.put(entry.getKey(), golden.tensor("param." + entry.getKey()).length));
            int total = sizes.values().stream().mapToInt(Integer::intValue).sum();
            Tensor parameters = arena.real("parameters", total);
            Tensor gradients = arena.real("gradients", total);
            Tensor clip = arena.real("clip", 2);
            List<Part> parts = new ArrayList<>();
            long offset = 0;
            for (Map.Entry<String, Integer> entry : sizes.entrySet()) {
                String name = entry.getKey();
                int size = entry.getValue();
                int group = config.path("group_of").path(name).asInt();
                double wd = config.path("decayed").path(name).asBoolean()
                        ? config.path("wd").path(group).asDouble()
                        : 0;
                double[] wds = new double[groups];
                wds[group] = wd;
                Optimizer optimizer = config(config)
                        .create(backend, parameters, gradients, List.of(new Segment(offset, size, group)), wds);
                parts.add(new Part(
                        name, offset, size, optimizer, config.path("none_grad").path(name)));
                backend.upload(golden.tensor("param." + name), parameters.view(offset, size));
                offset += size;
            }
            for (int step = 0; step < config.path("steps").asInt(); step++) {
                step(golden, step, backend, parts, gradients, clip);
                for (Part part : parts) {
                    check(golden, "after." + part.name(), step, backend, parameters.view(part.offset(), part.size()));
                }
            }
            for (Part part : parts) {
                part.optimizer().save((moment, tensor) -> {
                    String key = moment + "." + part.name();
                    golden.assertClose(key, download(backend, tensor.view(part.offset(), part.size())));
                });
                part.optimizer().close();
            }
        }
    }

    private static void step(
            GoldenCase golden, int step, Backend backend, List<Part> parts, Tensor gradients, Tensor clip) {
        JsonNode config = golden.config();
        List<Segment> measured = new ArrayList<>();
        for (Part part : parts) {
            double[] all = golden.tensor("grads." + part.name());
            double[] gradient = new double[part.size()];
            System.arraycopy(all, step * part.size(), gradient, 0, part.size());
            backend.upload(gradient, gradients.view(part.offset(), part.size()));
            if (part.hasGradient(step)) {
                measured.add(part.segment(0));
            }
        }
        @Nullable Tensor used = null;
        if (!config.path("clip").isNull()) {
            backend.clip(gradients, measured, config.path("clip").asDouble(), clip);
            used = clip;
        }
        double[] lr = config.path("lr_per_step_per_group")
                .path(step)
                .valueStream()
                .mapToDouble(JsonNode::asDouble)
                .toArray();
        double momentum = config.path("mom_per_step").path(step).asDouble();
        for (Part part : parts) {
            if (part.hasGradient(step)) {
                part.optimizer().step(lr, momentum, used);
            }
        }
    }

    private static OptimizerConfig config(JsonNode config) {
        boolean trueWd = config.path("true_wd").asBoolean();
        if (config.path("betas2").isNull()) {
            return new OptimizerConfig.SgdConfig(
                    config.path("mom_per_step").path(0).asDouble(), 0, trueWd);
        }
        return new OptimizerConfig.AdamConfig(
                0.9, config.path("betas2").asDouble(), config.path("eps").asDouble(), 0, trueWd);
    }

    /** Compares one step of a [steps, ...] tensor at the tolerance of the whole. */
    private static void check(GoldenCase golden, String key, int step, Backend backend, Tensor got) {
        double[] all = golden.tensor(key);
        double[] now = download(backend, got);
        System.arraycopy(now, 0, all, step * now.length, now.length);
        golden.assertClose(key, all);
    }

    private static double[] download(Backend backend, Tensor tensor) {
        double[] values = new double[Math.toIntExact(tensor.size())];
        backend.download(tensor, values);
        return values;
    }
}
