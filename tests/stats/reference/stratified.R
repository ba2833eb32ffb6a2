# Reference values for stratified two-by-two tables, trends, tables of counts and sample sizes.
# Run: Rscript stratified.R > stratified.txt
options(digits = 12)

# --- Admissions at Berkeley 1973, men against women, stratified by department (R's dataset UCBAdmissions)
admitted <- UCBAdmissions["Admitted", , ]
rejected <- UCBAdmissions["Rejected", , ]
cat("departments\n")
for (department in dimnames(UCBAdmissions)$Dept) {
  cat(department, admitted["Male", department], rejected["Male", department],
      admitted["Female", department], rejected["Female", department], "\n")
}
print(mantelhaen.test(UCBAdmissions))
print(mantelhaen.test(UCBAdmissions, correct = FALSE))

# Breslow-Day without Tarone's adjustment: the fitted count of each stratum by root search at the pooled odds ratio
pooled <- unname(mantelhaen.test(UCBAdmissions)$estimate)
a <- admitted["Male", ]; b <- rejected["Male", ]; c <- admitted["Female", ]; d <- rejected["Female", ]
breslow_day <- sum(mapply(function(a, b, c, d) {
  fitted <- uniroot(function(x) x * (d - a + x) - pooled * (a + b - x) * (a + c - x),
                    lower = max(0, a - d) + 1e-9, upper = min(a + b, a + c) - 1e-9, tol = 1e-12)$root
  v <- 1 / (1 / fitted + 1 / (a + b - fitted) + 1 / (a + c - fitted) + 1 / (d - a + fitted))
  (a - fitted)^2 / v
}, a, b, c, d))
cat("breslow_day", breslow_day, "p", pchisq(breslow_day, length(a) - 1, lower.tail = FALSE), "\n")

# Mantel-Haenszel risk ratio; variance of its logarithm by Greenland and Robins (1985)
n1 <- a + b; n0 <- c + d; n <- n1 + n0
rr <- sum(a * n0 / n) / sum(c * n1 / n)
v <- sum((n1 * n0 * (a + c) - a * c * n) / n^2) / (sum(a * n0 / n) * sum(c * n1 / n))
cat("risk_ratio", rr, exp(log(rr) + c(-1, 1) * qnorm(.975) * sqrt(v)), "\n")

# --- Trend of a share: smokers among patients by year, as in help(prop.trend.test)
cat("trend\n")
print(prop.trend.test(c(83, 90, 129, 70), c(86, 93, 136, 82)))

# --- Homogeneity of a table of counts: hair by eye colour of men (R's dataset HairEyeColor)
cat("homogeneity\n")
print(HairEyeColor[, , "Male"])
print(chisq.test(HairEyeColor[, , "Male"]))

# --- Observations a group for two shares
cat("sample_size\n")
print(power.prop.test(p1 = .50, p2 = .75, power = .90)$n)
print(power.prop.test(p1 = .25, p2 = .40, power = .80)$n)
print(power.prop.test(n = 60, p1 = .25, p2 = .45)$power)

# --- Adjusted p-values of Benjamini and Hochberg
cat("false_discovery", p.adjust(c(.005, .009, .05, .1, .2, .3), method = "BH"), "\n")
