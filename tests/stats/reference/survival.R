# Reference values for the tests of postmortem/stats on times to an event.
# Run in this folder: Rscript survival.R
# Writes tied.csv and small.csv (made-up rows, everything drawn here) and survival.csv (one value a row, and the versions used).
suppressMessages({
  library(survival)
  library(cmprsk)
})

values <- data.frame(case = character(), quantity = character(), value = character())
note <- function(case, quantity, value) {
  values <<- rbind(values, data.frame(
    case = case, quantity = quantity,
    value = if (is.numeric(value)) trimws(formatC(value, digits = 12, format = "g")) else value
  ))
}
note("versions", "R", paste(R.version$major, R.version$minor, sep = "."))
note("versions", "survival", as.character(packageVersion("survival")))
note("versions", "cmprsk", as.character(packageVersion("cmprsk")))

# --- 240 rows with many ties: three groups, three causes, two strata, 24 clusters, some entering late ---
set.seed(20250101)
n <- 240
rep <- sample(1:24, n, replace = TRUE)
group <- c("a", "b", "c")[1 + (rep + sample(0:1, n, replace = TRUE)) %% 3]
stratum <- sample(c("north", "south"), n, replace = TRUE, prob = c(.6, .4))
x1 <- round(rnorm(n), 2)
x2 <- rbinom(n, 1, .4)
frailty <- exp(rnorm(24, sd = .4))[rep]
rates <- cbind(
  .030 * frailty * exp(.4 * x1) * c(a = 1, b = 1.5, c = .7)[group],
  .020 * exp(-.5 * x2), .010 * frailty
)
exit <- ceiling(rexp(n, rowSums(rates)))
cause <- apply(rates, 1, function(r) sample(1:3, 1, prob = r))
open <- ceiling(runif(n, 5, 60))
cause <- ifelse(open < exit, 0, cause)
exit <- pmin(open, exit)
entry <- ifelse(runif(n) < .3, pmin(exit - 1, sample(0:6, n, replace = TRUE)), 0)
tied <- data.frame(id = 1:n, entry, exit, cause, group, stratum, rep, x1, x2)
write.csv(tied, "tied.csv", row.names = FALSE, quote = FALSE)

# --- Aalen-Johansen, one curve a case ---
curve_of <- function(case, fit, times) {
  s <- summary(fit, times = times, extend = TRUE)
  for (k in seq_along(fit$states)) for (i in seq_along(times)) {
    state <- if (k == 1) "open" else paste0("cause", fit$states[k])
    note(case, paste(state, times[i], sep = "@"), s$pstate[i, k])
    note(case, paste0(state, "_se@", times[i]), s$std.err[i, k])
  }
}
hand <- data.frame(t = c(1, 2, 2, 3, 4, 4, 5, 6), s = c(1, 2, 0, 1, 1, 2, 0, 2))
curve_of("hand", survfit(Surv(t, factor(s, 0:2)) ~ 1, hand), 1:6)
curve_of("tied", survfit(Surv(exit, factor(cause, 0:3)) ~ 1, tied), c(1, 3, 7, 15, 30, 45))
curve_of(
  "tied, late entry",
  survfit(Surv(entry, exit, factor(cause, 0:3)) ~ 1, tied, id = id), c(1, 3, 7, 15, 30, 45)
)

# survfit takes the infinitesimal jackknife for the errors of late entries; Greenwood's for the share still open
late <- summary(survfit(Surv(entry, exit, cause > 0) ~ 1, tied), times = c(1, 3, 7, 15, 30, 45))
for (i in seq_along(late$time)) {
  note("tied, late entry", paste0("open_greenwood_se@", late$time[i]), late$std.err[i])
}

# --- Gray's test ---
gray_of <- function(case, tests) {
  for (k in 1:3) {
    note(case, paste0("statistic", k), tests[k, "stat"])
    note(case, paste0("p", k), tests[k, "pv"])
    note(case, paste0("df", k), tests[k, "df"])
  }
}
gray_of("gray", with(tied, cuminc(exit, cause, group))$Tests)
gray_of("gray, strata", with(tied, cuminc(exit, cause, group, stratum))$Tests)
two <- subset(tied, group != "c")
gray_of("gray, two groups", with(two, cuminc(exit, cause, group))$Tests)

# --- log-rank on the hazard of one cause ---
logrank_of <- function(case, fit) {
  note(case, "statistic", fit$chisq)
  note(case, "p", pchisq(fit$chisq, length(fit$n) - 1, lower.tail = FALSE))
}
logrank_of("logrank", survdiff(Surv(exit, cause == 1) ~ group, tied))
logrank_of("logrank, strata", survdiff(Surv(exit, cause == 1) ~ group + strata(stratum), tied))

# --- Cox by cause, Breslow's ties, clustered; whole rows and the same rows split at every day ---
cox_of <- function(case, fit) {
  for (name in names(coef(fit))) {
    note(case, paste0(name, "_coef"), coef(fit)[[name]])
    note(case, paste0(name, "_se"), sqrt(diag(fit$var))[match(name, names(coef(fit)))])
    if (!is.null(fit$naive.var)) {
      note(case, paste0(name, "_naive_se"), sqrt(diag(fit$naive.var))[match(name, names(coef(fit)))])
    }
  }
}
for (k in 1:3) {
  cox_of(paste("cox", k), coxph(
    Surv(entry, exit, cause == k) ~ x1 + x2, tied, ties = "breslow", cluster = rep))
  cox_of(paste("cox, strata", k), coxph(
    Surv(entry, exit, cause == k) ~ x1 + x2 + strata(stratum), tied, ties = "breslow", cluster = rep))
}
split <- survSplit(
  Surv(entry, exit, happened) ~ ., transform(tied, happened = cause > 0), cut = 0:60)
split$cause <- ifelse(split$happened == 1, split$cause, 0)
split$late <- as.numeric(split$entry >= 10)
cox_of("cox, split 1", coxph(Surv(entry, exit, cause == 1) ~ x1 + x2, split, ties = "breslow", cluster = rep))
# A covariate that changes within a deal: the effect of x2 from day 10 on.
split$x2_late <- split$x2 * split$late
cox_of("cox, changing 1", coxph(
  Surv(entry, exit, cause == 1) ~ x1 + x2_late, split, ties = "breslow", cluster = rep))
six <- data.frame(
  start = c(0, 0, 0, 2, 2, 0), stop = c(2, 3, 4, 5, 3, 5), status = c(1, 1, 0, 1, 1, 1), x = c(1, 0, 1, 0, 2, .5))
cox_of("cox, six rows, efron", coxph(Surv(start, stop, status) ~ x, six, ties = "efron"))
cox_of("cox, six rows, breslow", coxph(Surv(start, stop, status) ~ x, six, ties = "breslow"))

# --- cumulative incidence at a day as a regression: pseudo-values by leaving out each row in turn ---
incidence <- function(rows, day) {
  fit <- survfit(Surv(exit, factor(cause, 0:3)) ~ 1, rows)
  summary(fit, times = day, extend = TRUE)$pstate[1, 2]
}
all_rows <- incidence(tied, 20)
pseudo <- sapply(seq_len(n), function(i) n * all_rows - (n - 1) * incidence(tied[-i, ], 20))
for (i in c(1:12, 121:132)) note("pseudo-values at 20", paste0("row", i), pseudo[i])
exposed <- as.numeric(tied$group == "b")
fit <- lm(pseudo ~ exposed)
# CR2 and its degrees of freedom with the matrices written out: n by n, and one inverse root a cluster.
inverse_root <- function(m) {
  parts <- eigen(m, symmetric = TRUE)
  parts$vectors %*% diag(1 / sqrt(parts$values), nrow(m)) %*% t(parts$vectors)
}
cr2 <- function(fit, cluster, at) {
  design <- model.matrix(fit)
  bread <- solve(crossprod(design))
  off <- diag(nrow(design)) - design %*% bread %*% t(design)
  pull <- sapply(split(seq_len(nrow(design)), cluster), function(rows) {
    whole <- numeric(nrow(design))
    whole[rows] <- inverse_root(off[rows, rows, drop = FALSE]) %*% design[rows, , drop = FALSE] %*% bread[, at]
    whole
  })
  omega <- t(pull) %*% off %*% pull
  list(error = sqrt(sum((t(pull) %*% residuals(fit))^2)), freedom = sum(diag(omega))^2 / sum(omega^2))
}
clusters <- length(unique(tied$rep))
told <- cr2(fit, tied$rep, 2)
note("risk difference at 20", "difference", coef(fit)[[2]])
note("risk difference at 20", "se", told$error)
note("risk difference at 20", "freedom", told$freedom)
note("risk difference at 20", "half", qt(.975, told$freedom) * told$error)
note("risk difference at 20", "p", 2 * pt(-abs(coef(fit)[[2]] / told$error), told$freedom))
# Another p-value: within reps, as Cochran, Mantel and Haenszel do, for values of any size.
moments <- sapply(split(seq_len(n), tied$rep), function(rows) {
  x <- exposed[rows]
  y <- pseudo[rows]
  c(sum(x * y) - sum(x) * mean(y), length(rows) * mean((x - mean(x))^2) * var(y))
})
note("within reps at 20", "p", 2 * pnorm(-abs(sum(moments[1, ])) / sqrt(sum(moments[2, ]))))
# The same sandwich where whole clusters are exposed, a quarter of them and uneven ones, and with a covariate.
whole <- as.numeric(tied$rep %% 4 == 0)
uneven <- seq_len(n) %% 24 < tied$rep %% 24 + 1 | tied$rep %% 5 == 0
told <- cr2(lm(x1 ~ whole + x2, tied, subset = uneven), tied$rep[uneven], 2)
note("uneven clusters", "difference", coef(lm(x1 ~ whole + x2, tied, subset = uneven))[[2]])
note("uneven clusters", "se", told$error)
note("uneven clusters", "freedom", told$freedom)
note("risk difference at 20", "clusters", clusters)

# --- Gray's test on small books with many ties, hardly an open row, and groups that are gone early ---
set.seed(20250102)
small <- NULL
for (book in 1:12) {
  group <- sample(rep(1:3, 15))
  exit <- sample(1:6, 45, TRUE) + ifelse(group == 2, 0, 3)
  cause <- sample(0:2, 45, TRUE, prob = c(if (book %% 2) .3 else .02, .4, .4))
  small <- rbind(small, data.frame(book, exit, cause, group))
  note("gray, small books", paste0("statistic", book), cuminc(exit, cause, group)$Tests["1", "stat"])
}
write.csv(small, "small.csv", row.names = FALSE, quote = FALSE)

write.csv(values, "survival.csv", row.names = FALSE)
