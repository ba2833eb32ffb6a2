# Reference values for a one-way random-effect logistic model (R package lme4) and for the area under a curve.
# Run: Rscript random_effect.R > random_effect.txt
suppressMessages(library(lme4))
options(digits = 10)

fit_of <- function(name, events, n) {
  unit <- factor(seq_along(n))
  found <- glmer(cbind(events, n - events) ~ 1 + (1 | unit), family = binomial, nAGQ = 25,
                 control = glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9)))
  spread <- unname(sqrt(unlist(VarCorr(found))))
  limits <- suppressMessages(suppressWarnings(confint(found, parm = 1, method = "profile", quiet = TRUE)))
  cat(name, spread, limits[1], limits[2], plogis(fixef(found)), "\n")
  # log-likelihoods of single outcomes by R's own adaptive integration, unit by unit
  given <- function(centre, spread) sum(mapply(function(y, m) {
    top <- optimize(function(u) y * (centre + spread * u) - m * log1p(exp(centre + spread * u)) - u^2 / 2,
                    c(-10, 10), maximum = TRUE)$objective
    log(integrate(function(u) exp(y * (centre + spread * u) - m * log1p(exp(centre + spread * u)) - u^2 / 2 - top),
                  -12, 12, rel.tol = 1e-10, subdivisions = 1000)$value / sqrt(2 * pi)) + top
  }, events, n))
  pooled <- qlogis(sum(events) / sum(n))
  none <- sum(events * pooled - n * log1p(exp(pooled)))
  chi <- 2 * (given(unname(fixef(found)), spread) - none)
  cat(paste0(name, "_test"), given(unname(fixef(found)), spread), chi, pchisq(chi, 1, lower.tail = FALSE) / 2, "\n")
}

# cases of contagious bovine pleuropneumonia by herd, summed over periods (lme4's dataset cbpp)
herds <- aggregate(cbind(incidence, size) ~ herd, data = cbpp, FUN = sum)
cat("herds", herds$incidence, "of", herds$size, "\n")
fit_of("cbpp", herds$incidence, herds$size)
# made-up counts of twenty sales people
won <- c(9, 4, 7, 12, 3, 8, 11, 5, 6, 10, 2, 9, 7, 8, 13, 6, 4, 9, 5, 7)
of <- c(14, 12, 15, 18, 12, 16, 15, 13, 14, 17, 11, 20, 14, 15, 16, 12, 13, 15, 12, 16)
fit_of("twenty", won, of)

# --- Hanley and McNeil's interval on the logit scale; the area itself from R's rank sum
auc_of <- function(name, good, poor) {
  area <- unname(suppressWarnings(wilcox.test(good, poor))$statistic) / (length(good) * length(poor))
  q1 <- area / (2 - area); q2 <- 2 * area^2 / (1 + area)
  v <- (area * (1 - area) + (length(good) - 1) * (q1 - area^2) + (length(poor) - 1) * (q2 - area^2)) /
    (length(good) * length(poor))
  se <- sqrt(v) / (area * (1 - area))
  cat(name, area, plogis(qlogis(area) + c(-1, 1) * qnorm(.975) * se), "\n")
}
auc_of("area", c(3.1, 4.0, 2.2, 5.5, 4.0, 3.3, 6.1, 2.9, 4.4), c(2.0, 3.3, 1.1, 2.9, 4.0, 0.7, 2.5, 3.0, 1.9, 2.2, 3.6))
