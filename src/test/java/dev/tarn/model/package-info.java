/**
 * Tests of the whole model: against fastai's golden values on every backend, against finite differences on the reference,
 * and of what a caller relies on (carried state, freezing, dropout, initialisation). The sizes are tiny and uneven on
 * purpose, so that two dimensions are never confused unnoticed.
 */
@NullMarked
package dev.tarn.model;

import org.jspecify.annotations.NullMarked;
