package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/auth0/go-auth0/management"
)

// v1 is go-auth0 v1. Its methods have their own names, and those that create and
// change write the answer into their argument.
type v1 struct {
	credentials
	api *management.Management
}

func newV1(c credentials) (sdk, error) {
	api, err := management.New(c.domain, management.WithClientCredentials(context.Background(), c.clientID, c.clientSecret))
	return &v1{c, api}, err
}

func (v *v1) status(err error) int {
	if fault, ok := errors.AsType[management.Error](err); ok {
		return fault.Status()
	}
	return 0
}

// managers are types with the methods Create, Read, Update, Delete and List.
var managers = map[string]string{
	"resourceServers": "ResourceServer", "clients": "Client", "clientGrants": "ClientGrant", "connections": "Connection", "users": "User",
	"roles": "Role", "organizations": "Organization", "actions": "Action", "rules": "Rule", "hooks": "Hook", "logStreams": "LogStream",
	"logs": "Log", "eventStreams": "EventStream", "customDomains": "CustomDomain", "emails.provider": "EmailProvider",
	"emailTemplates": "EmailTemplate", "branding": "Branding", "branding.themes": "BrandingTheme", "tenants.settings": "Tenant",
	"keys.encryption": "EncryptionKey", "keys.signing": "SigningKey", "networkAcls": "NetworkACL", "selfServiceProfiles": "SelfServiceProfile",
	"tokenExchangeProfiles": "TokenExchangeProfile", "forms": "Form", "flows": "Flow", "sessions": "Session", "refreshTokens": "RefreshToken",
	"rulesConfigs": "RuleConfig",
}

// methods are methods with other names.
var methods = func() map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(`
		actions.versions.list                       Action.Versions
		actions.versions.get                        Action.Version
		actions.versions.deploy                     Action.DeployVersion
		actions.triggers.list                       Action.Triggers
		actions.triggers.bindings.list              Action.Bindings
		actions.triggers.bindings.updateMany        Action.UpdateBindings
		actions.executions.get                      Action.Execution
		attackProtection.bruteForceProtection.get         AttackProtection.GetBruteForceProtection
		attackProtection.bruteForceProtection.update      AttackProtection.UpdateBruteForceProtection
		attackProtection.suspiciousIpThrottling.get       AttackProtection.GetSuspiciousIPThrottling
		attackProtection.suspiciousIpThrottling.update    AttackProtection.UpdateSuspiciousIPThrottling
		attackProtection.breachedPasswordDetection.get    AttackProtection.GetBreachedPasswordDetection
		attackProtection.breachedPasswordDetection.update AttackProtection.UpdateBreachedPasswordDetection
		anomaly.blocks.unblockIp                    Anomaly.UnblockIP
		branding.phone.providers.create             Branding.CreatePhoneProvider
		branding.phone.providers.get                Branding.ReadPhoneProvider
		branding.phone.providers.list               Branding.ListPhoneProviders
		branding.phone.providers.update             Branding.UpdatePhoneProvider
		branding.phone.providers.delete             Branding.DeletePhoneProvider
		branding.phone.templates.create             Branding.CreatePhoneNotificationTemplate
		branding.phone.templates.get                Branding.ReadPhoneNotificationTemplate
		branding.phone.templates.list               Branding.ListPhoneNotificationTemplate
		branding.phone.templates.update             Branding.UpdatePhoneNotificationTemplate
		branding.phone.templates.delete             Branding.DeletePhoneNotificationTemplate
		branding.templates.getUniversalLogin        Branding.UniversalLogin
		branding.templates.updateUniversalLogin     Branding.SetUniversalLogin
		branding.templates.deleteUniversalLogin     Branding.DeleteUniversalLogin
		branding.themes.getDefault                  BrandingTheme.Default
		clientGrants.organizations.list             ClientGrant.Organizations
		clients.credentials.create                  Client.CreateCredential
		clients.credentials.get                     Client.GetCredential
		clients.credentials.list                    Client.ListCredentials
		clients.credentials.update                  Client.UpdateCredential
		clients.credentials.delete                  Client.DeleteCredential
		clients.rotateSecret                        Client.RotateSecret
		connections.scimConfiguration.create        Connection.CreateSCIMConfiguration
		connections.scimConfiguration.get           Connection.ReadSCIMConfiguration
		connections.scimConfiguration.update        Connection.UpdateSCIMConfiguration
		connections.scimConfiguration.delete        Connection.DeleteSCIMConfiguration
		connections.scimConfiguration.getDefaultMapping Connection.ReadSCIMDefaultConfiguration
		connections.scimConfiguration.tokens.create Connection.CreateSCIMToken
		connections.scimConfiguration.tokens.get    Connection.ListSCIMToken
		connections.scimConfiguration.tokens.delete Connection.DeleteSCIMToken
		customDomains.verify                        CustomDomain.Verify
		emailTemplates.set                          EmailTemplate.Replace
		flows.vault.connections.create              Flow.Vault.CreateConnection
		flows.vault.connections.get                 Flow.Vault.GetConnection
		flows.vault.connections.list                Flow.Vault.GetConnectionList
		flows.vault.connections.update              Flow.Vault.UpdateConnection
		flows.vault.connections.delete              Flow.Vault.DeleteConnection
		guardian.enrollments.get                    Guardian.Enrollment.Get
		guardian.enrollments.delete                 Guardian.Enrollment.Delete
		guardian.factors.set                        Guardian.MultiFactor.SMS.Enable
		guardian.factors.duo.settings.get           Guardian.MultiFactor.DUO.Read
		guardian.factors.duo.settings.set           Guardian.MultiFactor.DUO.Update
		guardian.factors.phone.getMessageTypes      Guardian.MultiFactor.Phone.MessageTypes
		guardian.factors.phone.setMessageTypes      Guardian.MultiFactor.Phone.UpdateMessageTypes
		guardian.factors.phone.getSelectedProvider  Guardian.MultiFactor.Phone.Provider
		guardian.factors.phone.setProvider          Guardian.MultiFactor.Phone.UpdateProvider
		guardian.factors.phone.getTwilioProvider    Guardian.MultiFactor.SMS.Twilio
		guardian.factors.phone.setTwilioProvider    Guardian.MultiFactor.SMS.UpdateTwilio
		guardian.factors.phone.getTemplates         Guardian.MultiFactor.SMS.Template
		guardian.factors.phone.setTemplates         Guardian.MultiFactor.SMS.UpdateTemplate
		guardian.factors.pushNotification.getSelectedProvider Guardian.MultiFactor.Push.Provider
		guardian.factors.pushNotification.setProvider Guardian.MultiFactor.Push.UpdateProvider
		guardian.factors.pushNotification.getSnsProvider Guardian.MultiFactor.Push.AmazonSNS
		guardian.factors.pushNotification.setSnsProvider Guardian.MultiFactor.Push.UpdateAmazonSNS
		guardian.factors.list                       Guardian.MultiFactor.List
		guardian.policies.list                      Guardian.MultiFactor.Policy
		guardian.policies.set                       Guardian.MultiFactor.UpdatePolicy
		hooks.secrets.create                        Hook.CreateSecrets
		hooks.secrets.get                           Hook.Secrets
		hooks.secrets.update                        Hook.UpdateSecrets
		hooks.secrets.delete                        Hook.RemoveSecrets
		jobs.get                                    Job.Read
		jobs.usersExports.create                    Job.ExportUsers
		jobs.verificationEmail.create               Job.VerifyEmail
		keys.encryption.createPublicWrappingKey     EncryptionKey.CreatePublicWrappingKey
		organizations.clientGrants.create           Organization.AssociateClientGrant
		organizations.clientGrants.list             Organization.ClientGrants
		organizations.clientGrants.delete           Organization.RemoveClientGrant
		organizations.enabledConnections.add        Organization.AddConnection
		organizations.enabledConnections.get        Organization.Connection
		organizations.enabledConnections.list       Organization.Connections
		organizations.enabledConnections.update     Organization.UpdateConnection
		organizations.enabledConnections.delete     Organization.DeleteConnection
		organizations.getByName                     Organization.ReadByName
		organizations.invitations.create            Organization.CreateInvitation
		organizations.invitations.get               Organization.Invitation
		organizations.invitations.list              Organization.Invitations
		organizations.invitations.delete            Organization.DeleteInvitation
		organizations.members.create                Organization.AddMembers
		organizations.members.list                  Organization.Members
		organizations.members.delete                Organization.DeleteMembers
		organizations.members.roles.assign          Organization.AssignMemberRoles
		organizations.members.roles.list            Organization.MemberRoles
		organizations.members.roles.delete          Organization.DeleteMemberRoles
		prompts.customText.get                      Prompt.CustomText
		prompts.customText.set                      Prompt.SetCustomText
		prompts.getSettings                         Prompt.Read
		prompts.partials.get                        Prompt.GetPartials
		prompts.partials.set                        Prompt.SetPartials
		prompts.rendering.get                       Prompt.ReadRendering
		prompts.rendering.update                    Prompt.UpdateRendering
		prompts.updateSettings                      Prompt.Update
		roles.permissions.add                       Role.AssociatePermissions
		roles.permissions.list                      Role.Permissions
		roles.permissions.delete                    Role.RemovePermissions
		roles.users.assign                          Role.AssignUsers
		roles.users.list                            Role.Users
		rulesConfigs.set                            RuleConfig.Upsert
		selfServiceProfiles.customText.list         SelfServiceProfile.GetCustomText
		selfServiceProfiles.customText.set          SelfServiceProfile.SetCustomText
		selfServiceProfiles.ssoTicket.create        SelfServiceProfile.CreateTicket
		stats.getActiveUsersCount                   Stat.ActiveUsers
		stats.getDaily                              Stat.Daily
		tickets.changePassword                      Ticket.ChangePassword
		tickets.verifyEmail                         Ticket.VerifyEmail
		userBlocks.delete                           User.Unblock
		userBlocks.deleteByIdentifier               User.UnblockByIdentifier
		userBlocks.list                             User.Blocks
		userBlocks.listByIdentifier                 User.BlocksByIdentifier
		userGrants.list                             Grant.List
		userGrants.delete                           Grant.Delete
		users.authenticationMethods.deleteAll       User.DeleteAllAuthenticationMethods
		users.authenticationMethods.create          User.CreateAuthenticationMethod
		users.authenticationMethods.get             User.GetAuthenticationMethodByID
		users.authenticationMethods.list            User.ListAuthenticationMethods
		users.authenticationMethods.update          User.UpdateAuthenticationMethod
		users.authenticationMethods.delete          User.DeleteAuthenticationMethod
		users.enrollments.get                       User.Enrollments
		users.identities.link                       User.Link
		users.identities.delete                     User.Unlink
		users.listUsersByEmail                      User.ListByEmail
		users.logs.list                             User.GetUserLogs
		users.multifactor.invalidateRememberBrowser User.InvalidateRememberBrowser
		users.organizations.list                    User.Organizations
		users.permissions.create                    User.AssignPermissions
		users.permissions.list                      User.Permissions
		users.permissions.delete                    User.RemovePermissions
		users.refreshToken.list                     User.ListRefreshTokens
		users.refreshToken.delete                   User.DeleteRefreshTokens
		users.roles.assign                          User.AssignRoles
		users.roles.list                            User.Roles
		users.roles.delete                          User.RemoveRoles
		users.sessions.list                         User.ListUserSessions
		users.sessions.delete                       User.DeleteUserSessions`) {
		if names := strings.Fields(line); len(names) == 2 {
			all[names[0]] = names[1]
		}
	}
	return all
}()

// named returns the name of a method in this version.
func named(path string) string {
	if name, ok := methods[path]; ok {
		return name
	}
	i := strings.LastIndex(path, ".")
	verb := strings.ToUpper(path[i+1:i+2]) + path[i+2:]
	if verb == "Get" {
		verb = "Read"
	}
	return managers[path[:i]] + "." + verb
}

func (v *v1) call(path string, args []any) (any, error) {
	method := find(reflect.ValueOf(v.api), named(path))
	if !method.IsValid() {
		return nil, errUnknown
	}
	switch path { // methods whose arguments differ
	case "branding.templates.updateUniversalLogin":
		args = []any{map[string]any{"body": member(args[0], "template")}}
	case "guardian.factors.set":
		args = args[1:]
	case "userBlocks.listByIdentifier", "userBlocks.deleteByIdentifier":
		args = []any{member(args[0], "identifier")}
	case "actions.versions.deploy":
		args = args[:2]
	}
	in := []reflect.Value{reflect.ValueOf(context.Background())}
	var changed reflect.Value
	for i := range method.Type().NumIn() - 2 { // the last ones are options
		arg := reflect.New(method.Type().In(i + 1))
		if i >= len(args) {
			return nil, fmt.Errorf("lacks argument %d", i)
		}
		if err := fit(args[i], arg); err != nil {
			return nil, err
		}
		changed, in = arg.Elem(), append(in, arg.Elem())
	}
	if len(args) > len(in)-1 {
		return v.list(method, in, args[len(in)-1])
	}
	out := method.Call(in)
	if err, ok := reflect.TypeAssert[error](out[len(out)-1]); ok && err != nil {
		return nil, err
	}
	switch {
	case len(out) == 2:
		return bare(out[0])
	case changed.IsValid() && changed.Kind() == reflect.Pointer:
		return bare(changed)
	}
	return silent{}, nil
}

// bare returns a value as decoded JSON, including the fields that its MarshalJSON
// leaves out of requests.
func bare(v reflect.Value) (any, error) {
	switch kind := v.Kind(); {
	case kind == reflect.Pointer && !v.IsNil():
		return bare(v.Elem())
	case kind == reflect.Slice:
		all := []any{}
		for i := range v.Len() {
			item, err := bare(v.Index(i))
			if err != nil {
				return nil, err
			}
			all = append(all, item)
		}
		return all, nil
	case kind == reflect.Struct && strings.HasPrefix(v.Type().PkgPath(), "github.com/auth0/"):
		return members(v)
	}
	return plain(v.Interface())
}

func members(v reflect.Value) (any, error) {
	pointer := reflect.New(v.Type()) // because pointers have methods such as MarshalJSON
	pointer.Elem().Set(v)
	sent, err := plain(pointer.Interface())
	if err != nil {
		return nil, err
	}
	all, ok := sent.(map[string]any)
	if !ok {
		return sent, nil
	}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		value, err := bare(v.Field(i))
		if err != nil {
			return nil, err
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		_, list := value.([]any)
		if embedded, ok := value.(map[string]any); ok && field.Anonymous {
			maps.Copy(all, embedded)
		} else if field.IsExported() && name != "" && name != "-" && (all[name] == nil || list) {
			all[name] = value
		}
	}
	return all, nil
}

// fit converts a value from the table to an argument: an object with a single
// member to that member if the method wants a list or a simple value, and a list of
// ids to objects with an id.
func fit(value any, into reflect.Value) error {
	kind := into.Elem().Kind()
	if object, ok := value.(map[string]any); ok && len(object) == 1 && (kind == reflect.Slice || kind == reflect.String || kind == reflect.Bool) {
		for _, value = range object {
		}
	}
	if err := convert(value, into); err == nil {
		return nil
	}
	list, _ := value.([]any)
	var last error
	for _, id := range []string{"id", "user_id"} {
		var objects []any
		for _, item := range list {
			objects = append(objects, map[string]any{id: item})
		}
		if last = convert(objects, into); last == nil && strings.Contains(into.Elem().Type().String(), "User") == (id == "user_id") {
			return nil
		}
	}
	return last
}

func convert(value any, into reflect.Value) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into.Interface())
}

// list reads all pages of a list with the parameters in the table.
func (v *v1) list(method reflect.Value, in []reflect.Value, query any) (any, error) {
	parameters, ok := query.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("has an argument too many: %v", query)
	}
	all, page, from := []any{}, 0, ""
	for {
		options := in
		for _, name := range slices.Sorted(maps.Keys(parameters)) {
			options = append(options, reflect.ValueOf(management.Parameter(name, fmt.Sprint(parameters[name]))))
		}
		if _, offset := parameters["per_page"]; offset {
			options = append(options, reflect.ValueOf(management.Page(page)))
		}
		if from != "" {
			options = append(options, reflect.ValueOf(management.From(from)))
		}
		out := method.Call(options)
		if err, ok := reflect.TypeAssert[error](out[1]); ok && err != nil {
			return nil, err
		}
		answer, err := bare(out[0])
		if err != nil {
			return nil, err
		}
		all = append(all, items(answer)...)
		list, pages := reflect.TypeAssert[interface{ HasNext() bool }](out[0])
		if !pages {
			return answer, nil
		}
		if !list.HasNext() || page > 50 {
			return all, nil
		}
		from, _ = member(answer, "next").(string)
		page++
	}
}

func (v *v1) unknown() []string {
	return strings.Fields(`actions.modules.create anomaly.blocks.checkIp attackProtection.botDetection.* attackProtection.captcha.*
		attackProtection.phoneProviderProtection.* clients.connections.get connectionProfiles.create connections.checkStatus
		connections.clients.* connections.directoryProvisioning.* connections.keys.get connections.scimConfiguration.list
		connections.users.deleteByEmail customDomains.getDefault deviceCredentials.* eventStreams.deliveries.list eventStreams.redeliveries.create
		flows.executions.list groups.* guardian.factors.duo.settings.update guardian.factors.pushNotification.getApnsProvider
		guardian.factors.pushNotification.setApnsProvider guardian.factors.pushNotification.setFcmProvider
		guardian.factors.pushNotification.updateSnsProvider guardian.factors.sms.* networkAcls.set organizations.clients.*
		organizations.connections.* organizations.discoveryDomains.create organizations.groups.list
		organizations.members.effectiveRoles.list organizations.roles.* prompts.rendering.bulkUpdate prompts.rendering.list
		rateLimitPolicies.create refreshTokens.list refreshTokens.revoke refreshTokens.update riskAssessments.settings.* roles.groups.get sessions.update supplementalSignals.* userAttributeProfiles.create
		userGrants.deleteByUserId users.authenticationMethods.set users.authenticators.deleteAll users.connectedAccounts.list users.effectivePermissions.*
		users.effectiveRoles.list users.groups.get users.revokeAccess verifiableCredentials.verification.templates.create`)
}

func (v *v1) forgets(family string) []string {
	return map[string][]string{"connections": {"options"}, "customDomains": {"domain_metadata"}}[family]
}

func (v *v1) pages() error {
	ctx := context.Background()
	for _, name := range []string{"one", "two", "three"} {
		if err := v.api.Role.Create(ctx, &management.Role{Name: &name}); err != nil {
			return err
		}
	}
	first, err := v.api.Role.List(ctx, management.PerPage(2))
	if err != nil || len(first.Roles) != 2 || !first.HasNext() || first.Total != 3 {
		return fmt.Errorf("the first page is %v: %w", first, err)
	}
	second, err := v.api.Role.List(ctx, management.PerPage(2), management.Page(1))
	if err != nil || len(second.Roles) != 1 || second.HasNext() || second.Start != 2 {
		return fmt.Errorf("the second page is %v: %w", second, err)
	}
	past, err := v.api.Role.List(ctx, management.PerPage(2), management.Page(9))
	if err != nil || len(past.Roles) != 0 {
		return fmt.Errorf("a page past the end is %v: %w", past, err)
	}
	some, err := v.api.Client.List(ctx, management.IncludeFields("name"))
	if err != nil || some.Clients[0].GetName() == "" || some.Clients[0].ClientID != nil {
		return fmt.Errorf("clients with their names alone are %v: %w", some, err)
	}
	for _, role := range append(first.Roles, second.Roles...) {
		if err := v.api.Role.Delete(ctx, role.GetID()); err != nil {
			return err
		}
	}
	return nil
}

func (v *v1) errors() error {
	ctx := context.Background()
	token, err := v.token(ctx, "read:clients")
	if err != nil {
		return err
	}
	narrow, errNarrow := management.New(v.domain, management.WithStaticToken(token))
	foreign, errForeign := management.New(v.domain, management.WithStaticToken("nonsense"))
	if err := errors.Join(errNarrow, errForeign); err != nil {
		return err
	}
	create := func(api *management.Management, name string) error {
		return api.Role.Create(ctx, &management.Role{Name: &name})
	}
	_, missing := v.api.User.Read(ctx, "auth0|000000000000000000000000")
	faults := []error{create(v.api, "taken")}
	for status, err := range map[int]error{
		409: create(v.api, "taken"), 400: create(v.api, ""), 401: create(foreign, "x"), 403: create(narrow, "x"), 404: missing,
	} {
		if got := v.status(err); got != status {
			faults = append(faults, fmt.Errorf("%w has the status %d, want %d", err, got, status))
		}
	}
	return errors.Join(faults...)
}
