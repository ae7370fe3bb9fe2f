package dev.tarn.cli;

import dev.tarn.DeviceException;
import dev.tarn.backend.BackendProvider;
import dev.tarn.backend.Devices;
import dev.tarn.backend.Diagnosis;
import dev.tarn.backend.Diagnosis.Finding;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.Machine;
import dev.tarn.run.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;

/** {@code tarn doctor}: what this machine can run, and how to mend what it cannot. */
@Command(name = "doctor", description = "Say what this machine can run, and how to mend what it cannot.")
final class DoctorCommand extends TarnCommand {

    DoctorCommand(Console console) {
        super(console);
    }

    @Override
    void execute() {
        List<Finding> findings = new ArrayList<>();
        Machine machine = Machine.current();
        findings.add(new Finding("tarn", true, Version.number()));
        findings.add(new Finding("java", true, machine.java()));
        findings.add(new Finding("system", true, machine.os()));
        findings.add(new Finding(
                "processor",
                true,
                machine.cpu() + ", " + machine.processors() + " processors, " + (machine.memoryBytes() >> 20) + " MiB, "
                        + String.join(" ", machine.features())));
        findings.add(folder("temporary files", Path.of(System.getProperty("java.io.tmpdir"))));
        findings.add(folder("native libraries", cache()));
        boolean canTrain = false;
        for (BackendProvider provider : Devices.providers()) {
            Diagnosis diagnosis = provider.diagnose();
            findings.addAll(diagnosis.findings());
            canTrain |= diagnosis.isUsable() && provider.rank() >= 0;
        }
        print(findings, machine);
        if (!canTrain) {
            throw new DeviceException("No device can train here; mend what the report marks.");
        }
    }

    private void print(List<Finding> findings, Machine machine) {
        if (console.isJson()) {
            List<JsonEvent> items = new ArrayList<>();
            for (Finding finding : findings) {
                items.add(JsonEvent.object()
                        .with("what", finding.what())
                        .with("ok", finding.isGood())
                        .with("text", finding.text()));
            }
            console.result(
                    "", JsonEvent.of("doctor").with("machine", machine.toJson()).with("findings", items));
            return;
        }
        for (Finding finding : findings) {
            console.line(
                    String.format("%-4s %-18s %s", finding.isGood() ? "ok" : "--", finding.what(), finding.text()));
        }
    }

    /** Where JavaCPP unpacks the libraries of the CPU backend. */
    private static Path cache() {
        String set = System.getProperty("org.bytedeco.javacpp.cachedir");
        return set == null ? Path.of(System.getProperty("user.home"), ".javacpp", "cache") : Path.of(set);
    }

    private static Finding folder(String what, Path folder) {
        Path existing = folder;
        while (!Files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        try {
            Files.delete(Files.createTempFile(existing, "tarn", ".tmp"));
            return new Finding(what, true, folder.toString());
        } catch (IOException e) {
            return new Finding(
                    what,
                    false,
                    folder + " cannot be written; free it or name another in TARN_JAVA_OPTS"
                            + (what.equals("temporary files")
                                    ? " with -Djava.io.tmpdir."
                                    : " with -Dorg.bytedeco.javacpp.cachedir."));
        }
    }
}
