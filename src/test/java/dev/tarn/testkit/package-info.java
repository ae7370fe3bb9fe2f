/**
 * What the tests share: golden cases and where they come from, seeded generators that print how to repeat a failure,
 * derived tolerances, finite differences. Nothing here knows a single operation or model.
 */
@NullMarked
package dev.tarn.testkit;

import org.jspecify.annotations.NullMarked;
